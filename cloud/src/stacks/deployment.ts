import { isInstanceName, isThingName } from "@plumbline/twin/contract/topics";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import { type Fault, FaultsError, TwinError } from "@plumbline/twin/errors";

/** One machine with its gateway's thing and the twin that is kept of it. */
export interface Machine {
  readonly thing: string;
  readonly instance: string;
  readonly definition: TwinDefinition;
}

/** What a person decides about an installation; cdk.json holds it under `context.plumbline`. */
export interface Deployment {
  readonly machines: readonly Machine[];
  /** Ingest functions that run side by side, each one invocation at a time; 1, 2, 4, 8 or 16. */
  readonly ingestShards: number;
  /** How often the planner looks for machines that are due, minutes. */
  readonly plannerMinutes: number;
  /** Fleet-wide cap on recalibrations at once: one vCPU each. */
  readonly jobsAtOnce: number;
}

const SHARDS: readonly unknown[] = [1, 2, 4, 8, 16];
const shown = (value: unknown): string => (value === undefined ? "missing" : JSON.stringify(value));
const isWhole = (value: unknown, low: number, high: number): value is number =>
  Number.isInteger(value) && Number(value) >= low && Number(value) <= high;

function definitionOf(id: unknown): TwinDefinition | undefined {
  try {
    return typeof id === "string" ? twinDefinition(id) : undefined;
  } catch (error) {
    if (error instanceof TwinError) return undefined;
    throw error;
  }
}

function readMachine(entry: unknown, path: string, faults: Fault[]): Machine | undefined {
  const { thing, instance, twin } = (entry ?? {}) as { thing?: unknown; instance?: unknown; twin?: unknown };
  const definition = definitionOf(twin);
  const thingOk = typeof thing === "string" && isThingName(thing);
  const instanceOk = typeof instance === "string" && isInstanceName(instance);
  if (!thingOk)
    faults.push({
      path: `${path}.thing`,
      found: shown(thing),
      expected: "an IoT thing name, [a-zA-Z0-9:_-]{1,128}",
    });
  if (!instanceOk)
    faults.push({
      path: `${path}.instance`,
      found: shown(instance),
      expected: "a name of [a-zA-Z0-9_-]{1,32}",
    });
  if (!definition)
    faults.push({ path: `${path}.twin`, found: shown(twin), expected: "the id of a twin definition" });
  return thingOk && instanceOk && definition ? { thing, instance, definition } : undefined;
}

/** @throws {FaultsError} with every fault of the context at once. */
export function readDeployment(context: unknown): Deployment {
  const given = (context ?? {}) as Record<string, unknown>;
  const faults: Fault[] = [];
  const { fleet, ingestShards = 1, plannerMinutes = 15, jobsAtOnce = 4 } = given;
  const entries: readonly unknown[] = Array.isArray(fleet) ? fleet : [];
  const machines = entries.flatMap(
    (entry, index) => readMachine(entry, `plumbline.fleet[${index}]`, faults) ?? [],
  );
  const names = machines.map(({ thing, instance }) => `${thing}/${instance}`);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (entries.length === 0)
    faults.push({ path: "plumbline.fleet", found: shown(fleet), expected: "a list of at least one machine" });
  if (repeated)
    faults.push({ path: "plumbline.fleet", found: `${repeated} twice`, expected: "every machine once" });
  if (!SHARDS.includes(ingestShards))
    faults.push({ path: "plumbline.ingestShards", found: shown(ingestShards), expected: "1, 2, 4, 8 or 16" });
  if (!isWhole(plannerMinutes, 2, 1440))
    faults.push({ path: "plumbline.plannerMinutes", found: shown(plannerMinutes), expected: "2 to 1440" });
  if (!isWhole(jobsAtOnce, 1, 256))
    faults.push({ path: "plumbline.jobsAtOnce", found: shown(jobsAtOnce), expected: "1 to 256" });
  if (faults.length > 0) {
    throw new FaultsError(
      "BAD_DEPLOYMENT",
      "the deployment's context",
      faults,
      "mend context.plumbline in cloud/cdk.json",
    );
  }
  return {
    machines,
    ingestShards: Number(ingestShards),
    plannerMinutes: Number(plannerMinutes),
    jobsAtOnce: Number(jobsAtOnce),
  };
}

import type { MachineEntry } from "@plumbline/twin/contract/machine-log";
import { definitionFaults } from "@plumbline/twin/definition/define-twin";
import { definitionDigest } from "@plumbline/twin/definition/digest";
import { twinProperties } from "@plumbline/twin/definition/properties";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import { type Fault, FaultsError } from "@plumbline/twin/errors";
import { ensureJobDefinition } from "../aws/batch-jobs.ts";
import { KmsSigner } from "../aws/kms-signer.ts";
import { S3Objects } from "../aws/s3-objects.ts";
import { SiteWise } from "../aws/sitewise-client.ts";
import {
  clientOptions,
  cloudConfig,
  type Environment,
  type Flags,
  instanceSetting,
  Settings,
  thingSetting,
} from "../config.ts";
import { machineLog } from "../fleet/event-log.ts";
import { type FleetRow, fleetRows } from "../fleet/fleet.ts";
import { type SensorReport, sensorReport } from "../fleet/sensor-report.ts";
import { type Provisioned, provision } from "../provision/provision.ts";

/** `job`: the ARN of the job definition, where one was asked for. */
export async function runProvision(
  environment: Environment,
  flags: Flags,
): Promise<Provisioned & { readonly job?: string }> {
  const settings = new Settings(environment, flags);
  const client = clientOptions(settings);
  const thing = thingSetting(settings);
  const instance = instanceSetting(settings);
  const twin = settings.text("twin", "PLUMBLINE_TWIN", "the id of a twin such as web-line");
  const image = settings.optional("jobImage", "PLUMBLINE_JOB_IMAGE");
  const name =
    image === undefined
      ? ""
      : settings.text("jobDefinition", "PLUMBLINE_JOB_DEFINITION", "the name of the Batch job definition");
  settings.done();
  const provisioned = await provision(new SiteWise(client), twinDefinition(twin), thing, instance);
  return image === undefined
    ? provisioned
    : { ...provisioned, job: await ensureJobDefinition(name, image, client) };
}

/** The key that gateways pin. */
export async function runPublicKey(
  environment: Environment,
  flags: Flags,
): Promise<{ readonly kid: string; readonly pem: string }> {
  const settings = new Settings(environment, flags);
  const client = clientOptions(settings);
  const kid = settings.text(
    "signingKey",
    "PLUMBLINE_SIGNING_KEY",
    "a KMS key id, ARN or alias such as alias/plumbline-signing",
  );
  settings.done();
  return { kid, pem: await new KmsSigner(kid, client).publicKey() };
}

export async function runFleet(environment: Environment, flags: Flags): Promise<FleetRow[]> {
  const settings = new Settings(environment, flags);
  const { bucket, client, clock } = cloudConfig(settings);
  settings.done();
  return fleetRows(new S3Objects(bucket, client), clock.now());
}

/** The story of one machine, in event time from `origin` (ms since the Unix epoch, default 0). */
export async function runEvents(environment: Environment, flags: Flags): Promise<MachineEntry[]> {
  const settings = new Settings(environment, flags);
  const { bucket, client } = cloudConfig(settings);
  const thing = thingSetting(settings);
  const instance = instanceSetting(settings);
  const twin = settings.text("twin", "PLUMBLINE_TWIN", "the id of a twin such as web-line");
  const origin = settings.whole("origin", "PLUMBLINE_ORIGIN", 0, [0, Number.MAX_SAFE_INTEGER]);
  settings.done();
  return machineLog(new S3Objects(bucket, client), {
    thing,
    instance,
    definition: twinDefinition(twin),
    origin,
  });
}

export interface TwinDescription {
  readonly definition: TwinDefinition;
  readonly digest: string;
  readonly properties: readonly string[];
}

/** @throws {FaultsError} with every fault of the definition. */
export function validateTwin(id: string, definition: TwinDefinition = twinDefinition(id)): TwinDescription {
  const faults: readonly Fault[] = definitionFaults(definition);
  if (faults.length > 0)
    throw new FaultsError(
      "BAD_TWIN_DEFINITION",
      `the definition of twin ${JSON.stringify(id)}`,
      faults,
      "mend every line above, then validate again",
    );
  return {
    definition,
    digest: definitionDigest(definition),
    properties: twinProperties(definition).map(({ name }) => name),
  };
}

/** @throws {TwinError} UNKNOWN_SENSOR, BAD_OPTION */
export function twinSensors(
  id: string,
  { sensors, days }: { readonly sensors?: unknown; readonly days?: unknown },
): SensorReport {
  const definition = twinDefinition(id);
  const read =
    typeof sensors === "string"
      ? sensors.split(",").map((one) => one.trim())
      : definition.signals.map((signal) => signal.id);
  return sensorReport(definition, read, { days: Number(days ?? 1) });
}

export function describeTwin({ definition, digest, properties }: TwinDescription): string {
  const { signals, parameters, virtualSensors, mode } = definition;
  return [
    `${definition.title} (${definition.id} ${definition.version}), model ${definition.model}`,
    `digest ${digest}`,
    `${signals.length} signals: ${signals.map(({ id, unit }) => `${id} [${unit}]`).join(", ")}`,
    `${parameters.length} parameters: ${parameters.map(({ id, unit }) => `${id} [${unit}]`).join(", ")}`,
    `${virtualSensors.length} virtual sensors: ${virtualSensors.map(({ id, unit }) => `${id} [${unit}]`).join(", ")}`,
    `valid while ${mode.name}: one of ${mode.anyOf.join(", ")} above ${mode.above}`,
    `${properties.length} SiteWise properties`,
    "",
  ].join("\n");
}

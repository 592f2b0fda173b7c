import { judge, type Verdict } from "@plumbline/twin/calibration/judge";
import { HELD_OUT } from "@plumbline/twin/calibration/judge-evidence";
import { evidenceRows, type Refusal } from "@plumbline/twin/calibration/rows";
import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { Reading } from "@plumbline/twin/contract/reading";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { TwinError } from "@plumbline/twin/errors";
import { memoryOf, type RegimeForecast, regimeForecasts } from "@plumbline/twin/prognosis/regime-forecasts";
import { dirtyFrom } from "../store/frame-index.ts";
import { type IngestState, openAlarms } from "../store/ingest-state.ts";
import { parameterSet } from "../store/parameter-sets.ts";
import type { PosteriorHead } from "../store/posterior-head.ts";
import { assimilatorAt, type Estimate, estimate, startingPoint } from "./estimate.ts";
import { storeEvidence } from "./evidence.ts";
import type { Lease } from "./lease.ts";
import { nextHead } from "./next-head.ts";
import type { JobPorts } from "./ports.ts";
import { extendTrace, readTrace } from "./trace-store.ts";
import { recentRows, settled } from "./watermark.ts";

/** A machine as a run finds it. */
export interface Situation {
  readonly definition: TwinDefinition;
  readonly state: IngestState;
  readonly head: PosteriorHead;
  readonly lease: Pick<Lease, "renew">;
  readonly estimateOnly: boolean;
}
export interface Assessed {
  readonly head: PosteriorHead;
  readonly verdict: Verdict | null;
  readonly evidence: string;
}
/** What a run has found out: from the state after `after` up to the row `at`. */
interface Run {
  readonly after: number;
  readonly at: number;
  readonly estimated: Estimate;
  readonly usable: ReturnType<typeof settled>;
  readonly refused: readonly Refusal[];
}

/** Estimates, judges, stores the evidence and gives the head to be swapped in; undefined while there is no settled row. */
export async function assess(ports: JobPorts, situation: Situation): Promise<Assessed | undefined> {
  const { definition, state, head } = situation;
  const run = await estimated(ports, situation);
  if (!run) return undefined;
  const { after, at } = run;
  const horizon = at - 2 * definition.policy.schedule;
  const traces = await extendTrace(ports.objects, state, head.traces, after, run.estimated.trace, horizon);
  const incumbent = await inForce(ports, definition, state);
  const verdict = situation.estimateOnly ? null : await decide(ports, situation, run, traces, incumbent);
  const forecasts = situation.estimateOnly ? [] : await foretold(ports, situation, run, traces);
  const evidence = await storeEvidence(
    ports.objects,
    evidenceOf(ports.now(), state, run, incumbent, { verdict, forecasts }),
  );
  if (verdict) {
    const { kind, reason } = verdict;
    ports.tell({ name: "recalibrate.verdict", thing: state.thing, kind, reason, evidence: evidence.id });
  }
  const outcome = { definition, state, head, after, at, estimated: run.estimated, traces, verdict, evidence };
  return { head: await nextHead(ports, outcome), verdict, evidence: evidence.id };
}

async function estimated(ports: JobPorts, situation: Situation): Promise<Run | undefined> {
  const { definition, state, head, lease } = situation;
  const start = startingPoint(head, dirtyFrom(state.index, head.position ?? undefined));
  const after = start?.at ?? Number.NEGATIVE_INFINITY;
  const { rows, refused } = evidenceRows(definition, await collect(ports, situation, after));
  const usable = settled(rows, state.highest ?? Number.NEGATIVE_INFINITY);
  const assimilator = await assimilatorAt(ports.objects, head, definition, start);
  const fresh = usable.filter((row) => row.at > after);
  const result = await estimate(assimilator, fresh, () => lease.renew());
  const { at } = assimilator;
  if (at === undefined) return undefined;
  const { points, modelRuns } = result;
  ports.tell({ name: "recalibrate.assimilated", thing: state.thing, points, modelRuns, from: after, to: at });
  return { after, at, estimated: result, usable, refused: [...refused, ...result.refused] };
}

/** Forecasts go with a verdict: an estimate alone tells nothing that the next decision would not. */
async function foretold(
  { objects }: JobPorts,
  { definition, state }: Situation,
  { at, estimated }: Run,
  traces: PosteriorHead["traces"],
): Promise<RegimeForecast[]> {
  const trace = await readTrace(objects, state.thing, state.instance, traces, at - memoryOf(definition));
  return regimeForecasts(definition, trace, estimated.assimilator.posterior());
}

const evidenceOf = (
  asOf: number,
  { thing, instance, twin, epoch, sequence }: IngestState,
  { after, at, estimated: { assimilator, trace, modelRuns, points }, refused }: Run,
  incumbent: ParameterSet,
  { verdict, forecasts }: Pick<Parameters<typeof storeEvidence>[1], "verdict" | "forecasts">,
): Parameters<typeof storeEvidence>[1] => ({
  thing,
  instance,
  twin,
  position: { epoch, sequence },
  asOf,
  at,
  verdict,
  before: { version: incumbent.version, parameters: incumbent.parameters },
  after: assimilator.posterior(),
  trace,
  forecasts,
  refused: refused.filter((refusal) => refusal.at > after && refusal.at <= at),
  modelRuns,
  points,
  digest: assimilator.digest(),
});

/** The readings that the estimate and the verdict need, and no more. */
async function collect(
  ports: JobPorts,
  { definition, state, estimateOnly }: Situation,
  after: number,
): Promise<Reading[]> {
  const readings: Reading[] = [];
  const from = estimateOnly
    ? after
    : Math.min(after, judgedFrom(definition, state) - heldOutSpan(definition));
  for await (const reading of ports.history.readings(definition, state, from)) readings.push(reading);
  return readings;
}

/** Rows since the incumbent came into force, but no older than the schedule. */
const judgedFrom = ({ policy }: TwinDefinition, { setSince, highest }: IngestState): number =>
  Math.max(setSince ?? Number.NEGATIVE_INFINITY, (highest ?? 0) - policy.schedule);

/** Long enough for the held-out rows of a machine that runs half the time. */
const heldOutSpan = ({ signals }: TwinDefinition): number =>
  2 * HELD_OUT * Math.max(...signals.map(({ period }) => period));

async function inForce(
  { objects }: JobPorts,
  definition: TwinDefinition,
  { thing, instance, set }: IngestState,
): Promise<ParameterSet> {
  const found = await parameterSet(objects, definition, thing, instance, set);
  if (found) return found;
  throw new TwinError(
    "UNKNOWN_SET",
    `${thing} runs parameter set ${set}, which is not in the bucket`,
    "restore the set from the bucket's versions, or revert on the gateway: plumbline-agent revert",
  );
}

async function decide(
  ports: JobPorts,
  { definition, state }: Situation,
  { usable, estimated: { assimilator } }: Run,
  traces: PosteriorHead["traces"],
  incumbent: ParameterSet,
): Promise<Verdict> {
  const oldest = (state.highest ?? 0) - definition.policy.schedule;
  const recent = recentRows(usable, state.setSince ?? Number.NEGATIVE_INFINITY, oldest, HELD_OUT);
  const from = (recent[0]?.at ?? 0) - definition.policy.lateness;
  const trace = await readTrace(ports.objects, state.thing, state.instance, traces, from);
  const alarmed = openAlarms(state).length > 0;
  return judge({ definition, incumbent, candidate: assimilator.posterior(), recent, trace, alarmed });
}

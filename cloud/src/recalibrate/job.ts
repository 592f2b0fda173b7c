import { HELD_OUT, judge, type Verdict } from "@plumbline/twin/calibration/judge";
import { evidenceRows } from "@plumbline/twin/calibration/rows";
import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { Reading } from "@plumbline/twin/contract/reading";
import { definitionDigest } from "@plumbline/twin/definition/digest";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import { TwinError } from "@plumbline/twin/errors";
import { dirtyFrom, type Position } from "../store/frame-index.ts";
import { type IngestState, openAlarms, readIngestState } from "../store/ingest-state.ts";
import { swapJson, type Versioned } from "../store/json-object.ts";
import { posteriorKey } from "../store/layout.ts";
import { parameterSet } from "../store/parameter-sets.ts";
import { emptyHead, type PosteriorHead, readHead } from "../store/posterior-head.ts";
import { assimilatorAt, type Estimate, estimate, startingPoint } from "./estimate.ts";
import { storeEvidence } from "./evidence.ts";
import { finish } from "./finish.ts";
import { Lease, type Owner } from "./lease.ts";
import { nextHead } from "./next-head.ts";
import type { JobPorts } from "./ports.ts";
import { extendTrace, readTrace } from "./trace-store.ts";
import { recentRows, settled } from "./watermark.ts";

export interface JobRequest {
  readonly thing: string;
  readonly instance: string;
  /** Moves the posterior and stores evidence; decides and publishes nothing. */
  readonly estimateOnly: boolean;
  readonly owner: Owner;
}
export type JobResult =
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "estimated" | Verdict["kind"]; readonly evidence: string };

/** Wall ms that a job waits for another's lease: longer than a term, so a dead holder does not fail it. */
const PATIENCE = 150_000;

/**
 * One recalibration of one machine. Holds:
 *  - killed at any point and started again, it ends in the same state;
 *  - each row is assimilated once, in canonical order, whatever the frames and jobs that brought it;
 *  - what was decided is told to everyone before anything new is decided.
 */
export async function recalibrate(ports: JobPorts, request: JobRequest): Promise<JobResult> {
  const { thing, instance } = request;
  await using lease = await Lease.acquire(ports, thing, request.owner, PATIENCE);
  const known = await readHead(ports.objects, thing, instance);
  const head = known && (await finish(ports, known));
  const state = (await readIngestState(ports.objects, thing))?.value;
  if (!state || state.instance !== instance || state.highest === null) return skip(ports, thing, "no readings have been ingested");
  const definition = twinDefinition(state.twin.id);
  const begun = currentHead(head, state, definition);
  if (nothingNew(begun.value, state, request.estimateOnly)) return skip(ports, thing, "nothing new since the last run");
  const moved = await assess(ports, { definition, state, head: begun.value, lease, estimateOnly: request.estimateOnly });
  if (!moved) return skip(ports, thing, "no row is complete yet");
  const stored = await swapJson(ports.objects, posteriorKey(thing, instance), moved.head, begun.etag);
  if (!stored) throw new TwinError("CONTENDED", `another job has moved the posterior of ${thing}`, "run again: it begins from there", { retry: "later" });
  await finish(ports, stored, begun.value);
  return { kind: moved.verdict?.kind ?? "estimated", evidence: moved.evidence };
}

function skip({ tell }: JobPorts, thing: string, reason: string): JobResult {
  tell({ name: "recalibrate.skipped", thing, reason });
  return { kind: "skipped", reason };
}

/** The stored head; one of another definition begins again, but the versions that were issued stay issued. */
function currentHead(head: Versioned<PosteriorHead> | undefined, { thing, instance }: IngestState, definition: TwinDefinition): Versioned<PosteriorHead> {
  const model = definitionDigest(definition);
  if (head?.value.model === model) return head;
  const begun = emptyHead(thing, instance, definition, model);
  if (!head) return { value: begun, etag: undefined };
  const { issued, versions, runs, last } = head.value;
  return { value: { ...begun, issued, versions, runs, last }, etag: head.etag };
}

const isAt = (position: Position | null, { epoch, sequence }: Position): boolean =>
  position?.epoch === epoch && position.sequence === sequence;

const nothingNew = ({ position, judged }: PosteriorHead, state: IngestState, estimateOnly: boolean): boolean =>
  isAt(position, state) && (estimateOnly || isAt(judged, state));

interface Situation {
  readonly definition: TwinDefinition;
  readonly state: IngestState;
  readonly head: PosteriorHead;
  readonly lease: Pick<Lease, "renew">;
  readonly estimateOnly: boolean;
}
interface Assessed {
  readonly head: PosteriorHead;
  readonly verdict: Verdict | null;
  readonly evidence: string;
}

/** Estimates, judges and stores the evidence; undefined while there is no settled row. */
async function assess(ports: JobPorts, situation: Situation): Promise<Assessed | undefined> {
  const { definition, state, head, lease } = situation;
  const highest = state.highest ?? Number.NEGATIVE_INFINITY;
  const start = startingPoint(head, dirtyFrom(state.index, head.position ?? undefined));
  const after = start?.at ?? Number.NEGATIVE_INFINITY;
  const { rows, refused } = evidenceRows(definition, await collect(ports, situation, after));
  const usable = settled(rows, highest);
  const assimilator = await assimilatorAt(ports.objects, head, definition, start);
  const estimated = await estimate(assimilator, usable.filter((row) => row.at > after), () => lease.renew());
  const { at } = assimilator;
  if (at === undefined) return undefined;
  const { thing, points, modelRuns } = { thing: state.thing, ...estimated };
  ports.tell({ name: "recalibrate.assimilated", thing, points, modelRuns, from: after, to: at });
  const traces = await extendTrace(ports.objects, state, head.traces, after, estimated.trace, at - 2 * definition.policy.schedule);
  const incumbent = await inForce(ports, definition, state);
  const verdict = situation.estimateOnly ? null : await decide(ports, situation, { usable, traces, incumbent, estimated });
  const evidence = await storeEvidence(ports.objects, {
    thing,
    instance: state.instance,
    twin: state.twin,
    position: { epoch: state.epoch, sequence: state.sequence },
    at,
    verdict,
    before: { version: incumbent.version, parameters: incumbent.parameters },
    after: assimilator.posterior(),
    trace: estimated.trace,
    refused: refused.filter((refusal) => refusal.at > after && refusal.at <= at),
    modelRuns,
    points,
    digest: assimilator.digest(),
  });
  if (verdict) ports.tell({ name: "recalibrate.verdict", thing, kind: verdict.kind, reason: verdict.reason, evidence: evidence.id });
  const next = await nextHead(ports, { definition, state, head, after, at, estimated, traces, verdict, evidence });
  return { head: next, verdict, evidence: evidence.id };
}

/** The readings that the estimate and the verdict need, and no more. */
async function collect(ports: JobPorts, { definition, state, estimateOnly }: Situation, after: number): Promise<Reading[]> {
  const readings: Reading[] = [];
  const from = estimateOnly ? after : Math.min(after, judgedFrom(definition, state) - heldOutSpan(definition));
  for await (const reading of ports.history.readings(definition, state, from)) readings.push(reading);
  return readings;
}

/** Rows since the incumbent came into force, but no older than the schedule. */
const judgedFrom = ({ policy }: TwinDefinition, { setSince, highest }: IngestState): number =>
  Math.max(setSince ?? Number.NEGATIVE_INFINITY, (highest ?? 0) - policy.schedule);

/** Long enough for the held-out rows of a machine that runs half the time. */
const heldOutSpan = ({ signals }: TwinDefinition): number => 2 * HELD_OUT * Math.max(...signals.map(({ period }) => period));

async function inForce({ objects }: JobPorts, definition: TwinDefinition, { thing, instance, set }: IngestState): Promise<ParameterSet> {
  const found = await parameterSet(objects, definition, thing, instance, set);
  if (found) return found;
  throw new TwinError("UNKNOWN_SET", `${thing} runs parameter set ${set}, which is not in the bucket`, "restore the set from the bucket's versions, or revert on the gateway: plumbline-agent revert");
}

interface Grounds {
  readonly usable: ReturnType<typeof settled>;
  readonly traces: PosteriorHead["traces"];
  readonly incumbent: ParameterSet;
  readonly estimated: Estimate;
}

async function decide(ports: JobPorts, { definition, state }: Situation, { usable, traces, incumbent, estimated }: Grounds): Promise<Verdict> {
  const oldest = (state.highest ?? 0) - definition.policy.schedule;
  const recent = recentRows(usable, state.setSince ?? Number.NEGATIVE_INFINITY, oldest, HELD_OUT);
  const from = (recent[0]?.at ?? 0) - definition.policy.lateness;
  const trace = await readTrace(ports.objects, state.thing, state.instance, traces, from);
  const alarmed = openAlarms(state).length > 0;
  return judge({ definition, incumbent, candidate: estimated.assimilator.posterior(), recent, trace, alarmed });
}

import type { Verdict } from "@plumbline/twin/calibration/judge";
import { definitionDigest } from "@plumbline/twin/definition/digest";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import { TwinError } from "@plumbline/twin/errors";
import type { Position } from "../store/frame-index.ts";
import { type IngestState, readIngestState } from "../store/ingest-state.ts";
import { swapJson, type Versioned } from "../store/json-object.ts";
import { posteriorKey } from "../store/layout.ts";
import { emptyHead, type PosteriorHead, readHead } from "../store/posterior-head.ts";
import { assess } from "./assess.ts";
import { finish } from "./finish.ts";
import { Lease, type Owner } from "./lease.ts";
import type { JobPorts } from "./ports.ts";

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
  if (!state || state.instance !== instance || state.highest === null)
    return skip(ports, thing, "no readings have been ingested");
  const definition = twinDefinition(state.twin.id);
  const begun = currentHead(head, state, definition);
  if (nothingNew(begun.value, state, request.estimateOnly))
    return skip(ports, thing, "nothing new since the last run");
  const moved = await assess(ports, {
    definition,
    state,
    head: begun.value,
    lease,
    estimateOnly: request.estimateOnly,
  });
  if (!moved) return skip(ports, thing, "no row is complete yet");
  const stored = await swapJson(ports.objects, posteriorKey(thing, instance), moved.head, begun.etag);
  if (!stored)
    throw new TwinError(
      "CONTENDED",
      `another job has moved the posterior of ${thing}`,
      "run again: it begins from there",
      { retry: "later" },
    );
  await finish(ports, stored, begun.value);
  return { kind: moved.verdict?.kind ?? "estimated", evidence: moved.evidence };
}

function skip({ tell }: JobPorts, thing: string, reason: string): JobResult {
  tell({ name: "recalibrate.skipped", thing, reason });
  return { kind: "skipped", reason };
}

/** The stored head; one of another definition begins again, but the versions that were issued stay issued. */
function currentHead(
  head: Versioned<PosteriorHead> | undefined,
  { thing, instance }: IngestState,
  definition: TwinDefinition,
): Versioned<PosteriorHead> {
  const model = definitionDigest(definition);
  if (head?.value.model === model) return head;
  const begun = emptyHead(thing, instance, definition, model);
  if (!head) return { value: begun, etag: undefined };
  const { issued, versions, runs, last } = head.value;
  return { value: { ...begun, issued, versions, runs, last }, etag: head.etag };
}

const isAt = (position: Position | null, { epoch, sequence }: Position): boolean =>
  position?.epoch === epoch && position.sequence === sequence;

const nothingNew = (
  { position, judged }: PosteriorHead,
  state: IngestState,
  estimateOnly: boolean,
): boolean => isAt(position, state) && (estimateOnly || isAt(judged, state));

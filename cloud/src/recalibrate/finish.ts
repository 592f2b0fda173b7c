import { TwinError } from "@plumbline/twin/errors";
import { type Point, toEntries } from "../sitewise/point.ts";
import { putJson, swapJson, type Versioned } from "../store/json-object.ts";
import { checkpointKey, laneKey, posteriorKey } from "../store/layout.ts";
import type { PosteriorHead, Unfinished } from "../store/posterior-head.ts";
import type { JobPorts } from "./ports.ts";

/**
 * Carries out what a head says is unfinished: posterior and verdict to SiteWise, an accepted set to its gateway. Each
 * step may be repeated, so a job that was killed in between is made good by the next.
 *
 * @param before the head that this one follows: objects that only it names are deleted at the end.
 */
export async function finish(
  ports: JobPorts,
  { value: head, etag }: Versioned<PosteriorHead>,
  before?: PosteriorHead,
): Promise<Versioned<PosteriorHead>> {
  const { thing, instance, unfinished } = head;
  if (!unfinished) return { value: head, etag };
  await writePoints(ports, head, unfinished);
  if (unfinished.set) await publish(ports, head, unfinished.set);
  if (before) await forget(ports, before, head);
  const finished = await swapJson(
    ports.objects,
    posteriorKey(thing, instance),
    { ...head, unfinished: null },
    etag,
  );
  if (finished) return finished;
  throw new TwinError(
    "CONTENDED",
    `another job has moved the posterior of ${thing}`,
    "run again: it begins from there",
    { retry: "later" },
  );
}

/** A version that turns out to be taken (a head restored from an old copy) is given up; the next verdict takes a higher one. */
async function publish(
  ports: JobPorts,
  { thing, instance }: PosteriorHead,
  set: NonNullable<Unfinished["set"]>,
): Promise<void> {
  try {
    const parts = await ports.publisher.publish(thing, instance, set);
    ports.tell({ name: "recalibrate.published", thing, version: set.version, parts });
  } catch (error) {
    if (!(error instanceof TwinError) || !["VERSION_TAKEN", "POINTER_AHEAD"].includes(error.code))
      throw error;
    const { code, message: detail, hint } = error;
    ports.tell({ name: "recalibrate.failed", thing, code, detail, hint });
  }
}

async function writePoints(
  { objects, writer }: JobPorts,
  { thing, position }: PosteriorHead,
  { points }: Unfinished,
): Promise<void> {
  const byAlias = new Map<string, Point[]>();
  for (const { alias, at, value } of points)
    byAlias.set(alias, [...(byAlias.get(alias) ?? []), { at, value, quality: "GOOD" }]);
  const diverted = await writer.write(toEntries(byAlias));
  if (diverted.length === 0) return;
  // What SiteWise will not have (too old, not provisioned) must not hold back a parameter set.
  const key = laneKey("parked", thing, "posterior", position?.sequence ?? 0);
  await putJson(objects, key, { diverted });
}

/** Checkpoints and traces that no head names any more. */
async function forget({ objects }: JobPorts, before: PosteriorHead, after: PosteriorHead): Promise<void> {
  const named = new Set([...after.checkpoints, ...after.traces].map(({ id }) => id));
  for (const { id } of [...before.checkpoints, ...before.traces]) {
    if (!named.has(id)) await objects.delete(checkpointKey(before.thing, before.instance, id));
  }
}

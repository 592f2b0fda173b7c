import type { PosteriorPoint } from "@plumbline/twin/calibration/posterior";
import { canonicalJson } from "@plumbline/twin/contract/canonical-json";
import { sha256 } from "@plumbline/twin/contract/sha256";
import { TwinError } from "@plumbline/twin/errors";
import { getJson } from "../store/json-object.ts";
import { checkpointKey } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { TraceEntry } from "../store/posterior-head.ts";

/** Points per piece: a short run rewrites one piece, a judge reads a dozen. */
const PIECE = 128;

/** An object beside the checkpoints, named by its content: write-once without a race. */
export async function putNamedByContent(
  objects: ObjectStore,
  thing: string,
  instance: string,
  kind: string,
  text: string,
): Promise<string> {
  const id = `${kind}-${sha256(text).slice(0, 24)}`;
  await objects.put(checkpointKey(thing, instance, id), new TextEncoder().encode(text), { absent: true });
  return id;
}

/**
 * The trace with `points` in place of everything after `keep` (their beginning). Pieces are full but for the last, and
 * depend only on the points: not on how many runs made them.
 */
export async function extendTrace(
  objects: ObjectStore,
  machine: { readonly thing: string; readonly instance: string },
  known: readonly TraceEntry[],
  keep: number,
  points: readonly PosteriorPoint[],
  horizon: number,
): Promise<readonly TraceEntry[]> {
  const { thing, instance } = machine;
  const whole = known.filter(({ to, points: size }) => to <= keep && size === PIECE);
  const open = known.filter((entry) => !whole.includes(entry) && entry.from <= keep);
  const before = (await readTrace(objects, thing, instance, open, Number.NEGATIVE_INFINITY)).filter(
    ({ at }) => at <= keep,
  );
  const all = [...before, ...points];
  const pieces: TraceEntry[] = [];
  for (let start = 0; start < all.length; start += PIECE) {
    const piece = all.slice(start, start + PIECE);
    const [first, last] = [piece[0], piece.at(-1)];
    if (!first || !last || last.at < horizon) continue;
    const id = await putNamedByContent(objects, thing, instance, "trace", canonicalJson({ points: piece }));
    pieces.push({ id, from: first.at, to: last.at, points: piece.length });
  }
  return [...whole.filter(({ to }) => to >= horizon), ...pieces];
}

/** The points from `from` on, in order. */
export async function readTrace(
  objects: ObjectStore,
  thing: string,
  instance: string,
  traces: readonly TraceEntry[],
  from: number,
): Promise<PosteriorPoint[]> {
  const wanted = traces.filter(({ to }) => to >= from);
  const pieces = await Promise.all(
    wanted.map(({ id }) =>
      getJson<{ points: PosteriorPoint[] }>(objects, checkpointKey(thing, instance, id)),
    ),
  );
  if (pieces.some((piece) => !piece))
    throw new TwinError(
      "POSTERIOR_INCOMPLETE",
      `a piece of the trace of ${thing}/${instance} is missing`,
      "delete the posterior's current.json to rebuild it from the archive",
    );
  return pieces.flatMap((piece) => piece?.value.points ?? []).filter(({ at }) => at >= from);
}

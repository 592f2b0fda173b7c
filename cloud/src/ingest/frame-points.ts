import type { Frame } from "@plumbline/twin/contract/frame";
import { type PropertyKind, propertyAlias } from "@plumbline/twin/definition/properties";
import type { Point } from "../sitewise/point.ts";
import type { LastEstimate, Recomputed } from "./recompute.ts";

/**
 * The points of a frame's readings: every reading once, the loser of a conflict not at all. A property holds one value
 * per time; within a frame the reading that the journal committed first has it.
 */
export function measuredPoints(frame: Pick<Frame, "thing" | "instance" | "readings">): Map<string, Point[]> {
  const points = new Map<string, Point[]>();
  const seen = new Set<string>();
  for (const { signal, at, value, quality, reason } of frame.readings) {
    const place = `${signal}|${at}`;
    if (reason === "conflict" || seen.has(place)) continue;
    seen.add(place);
    const alias = propertyAlias(frame.thing, frame.instance, "measured", signal);
    append(points, alias, { at, value, quality: Number.isFinite(value) ? quality : "BAD" });
  }
  return points;
}

/** The points of what was recomputed: the last of each frame, in properties of their own. */
export function estimatedPoints(
  { thing, instance }: Pick<Frame, "thing" | "instance">,
  { filtered, virtual }: Pick<Recomputed, "filtered" | "virtual">,
): Map<string, Point[]> {
  const points = new Map<string, Point[]>();
  const add = (kind: PropertyKind, id: string, at: number, value: number): void =>
    append(points, propertyAlias(thing, instance, kind, id), { at, value, quality: "GOOD" });
  const addAll = (kind: "filtered" | "virtual", estimates: ReadonlyMap<string, LastEstimate>): void => {
    for (const [id, { at, value, sd }] of estimates) {
      // A filter that has seen too little has no number yet; "no value" would be a lie with quality GOOD.
      if (!Number.isFinite(value) || !Number.isFinite(sd)) continue;
      add(kind, id, at, value);
      add(`${kind}-sd`, id, at, sd);
    }
  };
  addAll("filtered", filtered);
  addAll("virtual", virtual);
  return points;
}

function append(points: Map<string, Point[]>, alias: string, point: Point): void {
  const known = points.get(alias);
  if (known) known.push(point);
  else points.set(alias, [point]);
}

import type { Frame } from "@plumbline/twin/contract/frame";
import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { TwinError } from "@plumbline/twin/errors";
import type { Alarm } from "@plumbline/twin/estimation/drift-charts";
import { Observer } from "@plumbline/twin/estimation/observer";
import type { Point } from "../sitewise/point.ts";
import type { IngestState, ReproducedAlarm } from "../store/ingest-state.ts";
import { parameterSet } from "../store/parameter-sets.ts";
import { assembled, collect } from "./checkpoint-slices.ts";
import { archived } from "./frame-archive.ts";
import { estimatedPoints } from "./frame-points.ts";
import type { IngestPorts } from "./ports.ts";
import { recompute } from "./recompute.ts";
import { reproducedIn } from "./step.ts";
import { readied, twinOfFrame } from "./twin-of-frame.ts";

/** What following a frame with the gateway's own filters gives. */
export interface Followed {
  readonly points: ReadonlyMap<string, readonly Point[]>;
  readonly alarms: readonly Alarm[] | undefined;
  readonly observer: Observer | undefined;
  /** Alarms of earlier frames, which a late checkpoint has made reproducible. */
  readonly earlier: readonly ReproducedAlarm[];
  /** Why the frame could not be followed. */
  readonly reason?: string;
  /** No definition of ours has this twin: its readings cannot be stored under any name. */
  readonly unknown?: true;
}

const lost = (reason: string): Followed => ({
  points: new Map(),
  alarms: undefined,
  observer: undefined,
  earlier: [],
  reason,
});

/** Recomputes the next frame of the chain. `live` is the observer after the frame before, and moves on. */
export async function follow(
  ports: IngestPorts,
  state: IngestState,
  live: Observer | undefined,
  frame: Frame,
): Promise<Followed> {
  const twin = twinOfFrame(frame);
  if (twin.kind === "unknown") return { ...lost(twin.reason), unknown: true };
  if (twin.kind === "other") return lost(twin.reason);
  const { definition } = twin;
  const set = await parameterSet(ports.objects, definition, frame.thing, frame.instance, frame.set);
  const ready = readied(definition, state, live, frame, set);
  if (ready.kind === "ready") {
    const { alarms, ...estimates } = recompute(ready.observer, frame);
    return { points: estimatedPoints(frame, estimates), alarms, observer: ready.observer, earlier: [] };
  }
  const revived = set && (await revive(ports, definition, set, state, frame));
  return revived ?? lost(ready.reason);
}

/**
 * Once the last slice of a checkpoint is there: the frames that carried it are passed through the restored observer,
 * and their estimates are written late.
 */
async function revive(
  ports: IngestPorts,
  definition: TwinDefinition,
  set: ParameterSet,
  state: IngestState,
  frame: Frame,
): Promise<Followed | undefined> {
  const slices = collect(state.slices, frame);
  const snapshot = assembled(slices);
  if (!slices || snapshot === undefined) return undefined;
  const observer = restored(definition, set, snapshot);
  const points = new Map<string, readonly Point[]>();
  const earlier: ReproducedAlarm[] = [];
  for (let sequence = slices.first; sequence <= frame.sequence; sequence++) {
    const next =
      sequence === frame.sequence
        ? frame
        : (await archived(ports, frame.thing, frame.epoch, sequence))?.frame;
    // A change of the set, or a state that is not the frame's: another checkpoint will come.
    if (!observer || next?.set !== frame.set || observer.hash() !== next.start) return undefined;
    const { alarms, ...estimates } = recompute(observer, next);
    for (const [alias, more] of estimatedPoints(next, estimates))
      points.set(alias, [...(points.get(alias) ?? []), ...more]);
    if (sequence === frame.sequence) return { points, alarms, observer, earlier };
    earlier.push(...reproducedIn(next, alarms));
  }
  return undefined;
}

/** A damaged checkpoint is no reason to stop: the next one may be whole. */
export function restored(
  definition: TwinDefinition,
  set: ParameterSet,
  snapshot: string,
): Observer | undefined {
  try {
    return Observer.restore(definition, set, snapshot);
  } catch (error) {
    if (error instanceof TwinError || error instanceof TypeError) return undefined;
    throw error;
  }
}

import { encodeAck } from "@plumbline/twin/contract/ack";
import { ackTopic } from "@plumbline/twin/contract/topics";
import { TwinError } from "@plumbline/twin/errors";
import type { Observer } from "@plumbline/twin/estimation/observer";
import { toEntries } from "../sitewise/point.ts";
import { raiseAlert } from "../store/alerts.ts";
import { beginEpoch, type IngestState, plus, readIngestState, withAlarms } from "../store/ingest-state.ts";
import { putJson, swapJson, type Versioned } from "../store/json-object.ts";
import { ingestStateKey, laneKey } from "../store/layout.ts";
import { type AdmittedFrame, admit, standingOf } from "./admit.ts";
import { type Followed, follow } from "./follow.ts";
import { archive, archived, refuse, tellCloned } from "./frame-archive.ts";
import { measuredPoints } from "./frame-points.ts";
import { divert, release } from "./lanes.ts";
import type { IngestPorts } from "./ports.ts";
import { resume } from "./resume.ts";
import { reproducedIn, step } from "./step.ts";

/** A machine as this process last saw it. */
interface Known {
  readonly stored: Versioned<IngestState>;
  /** The observer after frame `stored.value.sequence`; undefined: not reproducible now. */
  readonly observer: Observer | undefined;
}

/** Frames per stored state: a backlog is acknowledged in strides, and a crash repeats at most one. */
const STRIDE = 16;
const ROUNDS = 5;
/** Machines kept in memory, some 30 kB each. */
const MOST_KNOWN = 1_024;

/**
 * Frames into archive, SiteWise, state and acknowledgement, in this order. Holds:
 *  - a frame is acknowledged only once it and all before it are stored, parked or dead-lettered durably;
 *  - order and repetition of arrival change nothing: the chain decides what is next;
 *  - a crash between any two steps is repaired by the resend, which writes the same values again.
 *
 * Calls for one thing must follow one another; two processes at work on one thing are set right by compare-and-swap.
 */
export class Ingest {
  readonly #ports: IngestPorts;
  readonly #known = new Map<string, Known>();

  constructor(ports: IngestPorts) {
    this.#ports = ports;
  }

  /**
   * Takes what one sender has sent.
   * @throws when something could not be stored: nothing is lost, the gateway sends again.
   */
  async accept(sender: string, frames: readonly Uint8Array[]): Promise<void> {
    const fresh: AdmittedFrame[] = [];
    for (const bytes of frames) {
      const admission = admit(bytes, sender);
      if (admission.kind === "admitted") fresh.push(admission.admitted);
      else await refuse(this.#ports, sender, bytes, admission);
    }
    if (fresh.length === 0) return;
    for (let round = 0; round < ROUNDS; round++) {
      try {
        if (await this.#advance(sender, fresh)) return;
      } catch (error) {
        this.#known.delete(sender);
        throw error;
      }
      this.#known.delete(sender);
    }
    throw new TwinError(
      "CONTENDED",
      `the state of ${sender} changed under ${ROUNDS} updates in a row`,
      "nothing is lost: the gateway sends again",
      { retry: "later" },
    );
  }

  /** @returns false when another process moved the state: then everything is looked at again. */
  async #advance(thing: string, fresh: readonly AdmittedFrame[]): Promise<boolean> {
    let known = await this.#load(thing);
    const usable: AdmittedFrame[] = [];
    for (const admitted of sorted(fresh, known?.stored.value.epoch)) {
      const standing = standingOf(known?.stored.value, admitted.frame);
      if (standing === "cloned") await tellCloned(this.#ports, admitted);
      else if ((await archive(this.#ports, admitted)) === "kept") usable.push(admitted);
      if (standing === "begin") known = this.#begin(known, admitted);
    }
    if (!known) return true;
    const at = known.stored.value.sequence;
    for (;;) {
      const next = await this.#stride(known, usable);
      if (next === undefined) return false;
      if (next === known) break;
      known = next;
      this.#remember(thing, known);
      await this.#ack(known.stored.value);
    }
    const { epoch, sequence } = known.stored.value;
    const resent = usable.some(({ frame }) => frame.epoch === epoch && frame.sequence <= at);
    if (sequence === at && resent && known.stored.etag !== undefined) await this.#ack(known.stored.value);
    return true;
  }

  async #load(thing: string): Promise<Known | undefined> {
    const known = this.#known.get(thing);
    if (known) return known;
    const stored = await readIngestState(this.#ports.objects, thing);
    return stored && { stored, observer: await resume(this.#ports, stored.value) };
  }

  /** The machine that was heard least recently is forgotten first: its state is read again when it speaks. */
  #remember(thing: string, known: Known): void {
    this.#known.delete(thing);
    this.#known.set(thing, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }

  #begin(known: Known | undefined, { frame }: AdmittedFrame): Known {
    this.#ports.tell({ name: "ingest.epoch", thing: frame.thing, epoch: frame.epoch });
    return {
      stored: { value: beginEpoch(known?.stored.value, frame), etag: known?.stored.etag },
      observer: undefined,
    };
  }

  /** Joins up to {@link STRIDE} frames and stores the state; the same `known` when there is none to join. */
  async #stride(known: Known, fresh: readonly AdmittedFrame[]): Promise<Known | undefined> {
    let { value: state } = known.stored;
    let { observer } = known;
    const { held, released } = await release(this.#ports, state.held);
    state = { ...state, held };
    const start = state.sequence;
    while (state.sequence < start + STRIDE) {
      const wanted = state.sequence + 1;
      const next =
        fresh.find(({ frame }) => frame.epoch === state.epoch && frame.sequence === wanted) ??
        (await archived(this.#ports, state.thing, state.epoch, wanted));
      if (!next) break;
      ({ state, observer } = await this.#join(state, observer, next));
    }
    if (state.sequence === start && released.length === 0) return known;
    const stored = await swapJson(this.#ports.objects, ingestStateKey(state.thing), state, known.stored.etag);
    if (!stored) return undefined;
    for (const key of released) await this.#ports.objects.delete(key);
    return { stored, observer };
  }

  /** One frame: its points written or put on another lane, and the state after it. */
  async #join(
    state: IngestState,
    live: Observer | undefined,
    { frame, hash }: AdmittedFrame,
  ): Promise<{ state: IngestState; observer: Observer | undefined }> {
    const followed =
      frame.instance === state.instance
        ? await follow(this.#ports, state, live, frame)
        : unfit(`frame ${frame.sequence} is of instance ${frame.instance}, its outbox of ${state.instance}`);
    if (followed.unknown) await this.#park(frame.thing, frame.epoch, frame.sequence, followed.reason ?? "");
    const measured = followed.unknown ? new Map() : measuredPoints(frame);
    const entries = toEntries(new Map([...measured, ...followed.points]));
    const lanes = await divert(this.#ports, frame, await this.#ports.writer.write(entries));
    await this.#tellOf(state, frame, followed);
    const next = step(state, frame, {
      hash,
      alarms: followed.alarms,
      snapshot: followed.observer?.snapshot() ?? null,
    });
    const points = [...measured.values()].reduce(
      (sum: number, list: readonly unknown[]) => sum + list.length,
      0,
    );
    return {
      state: {
        ...next,
        held: [...state.held, ...lanes.held],
        alarms: withAlarms(next.alarms, followed.earlier),
        counters: plus(next.counters, {
          ...lanes.counts,
          measured: points,
          alarms: followed.earlier.length,
          parked: (lanes.counts.parked ?? 0) + (followed.unknown ? frame.readings.length : 0),
        }),
      },
      observer: followed.observer,
    };
  }

  /** The frame itself is in the archive; the record says that its readings still want a home. */
  async #park(thing: string, epoch: string, sequence: number, reason: string): Promise<void> {
    await putJson(this.#ports.objects, laneKey("parked", thing, epoch, sequence), {
      frame: sequence,
      epoch,
      reason,
    });
    await raiseAlert(
      this.#ports.objects,
      thing,
      { kind: "unknown-twin", subject: epoch, detail: reason },
      this.#ports.now(),
    );
  }

  async #tellOf(
    before: IngestState,
    frame: AdmittedFrame["frame"],
    { alarms, observer, reason }: Followed,
  ): Promise<void> {
    const { thing, sequence } = frame;
    const { tell, objects, now } = this.#ports;
    const followedBefore = before.observer !== null || before.sequence === 0;
    if (!observer && followedBefore)
      tell({ name: "ingest.not-reproducible", thing, sequence, reason: reason ?? "" });
    if (observer && !followedBefore) tell({ name: "ingest.reproducible", thing, sequence });
    if (frame.set !== before.set) tell({ name: "ingest.set", thing, version: frame.set, at: frame.span[0] });
    const found = reproducedIn(frame, alarms);
    for (const record of frame.records) {
      if (record.kind !== "alarm") continue;
      const reproduced = found.some(({ chart, at }) => chart === record.chart && at === record.at);
      tell({ name: "ingest.alarm", thing, chart: record.chart, at: record.at, reproduced });
      if (reproduced || !alarms) continue;
      const detail = `frame ${sequence} reports ${record.chart} at ${record.at}, which its readings do not show: nothing is started`;
      await raiseAlert(
        objects,
        thing,
        { kind: "alarm-not-reproduced", subject: record.chart, detail },
        now(),
      );
    }
  }

  async #ack({ thing, epoch, sequence, chain, counters }: IngestState): Promise<void> {
    if (sequence === 0) return;
    await this.#ports.link.publish(ackTopic(thing), encodeAck({ thing, epoch, sequence, hash: chain }));
    this.#ports.tell({
      name: "ingest.acked",
      thing,
      epoch,
      sequence,
      frames: counters.frames,
      readings: counters.readings,
    });
  }
}

const unfit = (reason: string): Followed => ({
  points: new Map(),
  alarms: undefined,
  observer: undefined,
  earlier: [],
  reason,
  unknown: true,
});

/** The current epoch first, then in the order of the chain: a first frame begins its epoch before its others are judged. */
const sorted = (frames: readonly AdmittedFrame[], current: string | undefined): AdmittedFrame[] => {
  const rank = ({ frame }: AdmittedFrame): number => (frame.epoch === current ? 0 : 1);
  return [...frames].sort(
    (left, right) => rank(left) - rank(right) || left.frame.sequence - right.frame.sequence,
  );
};

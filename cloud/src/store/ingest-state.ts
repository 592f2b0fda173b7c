import type { DecisionRecord } from "@plumbline/twin/contract/frame";
import { CHAIN_START } from "@plumbline/twin/contract/frame-codec";
import { addEntry, type IndexEntry } from "./frame-index.ts";
import { getJson, type Versioned } from "./json-object.ts";
import { ingestStateKey } from "./layout.ts";
import type { ObjectStore } from "./object-store.ts";

/** An alarm that ingest has reproduced from the frames. */
export interface ReproducedAlarm {
  readonly chart: string;
  /** Event time of the row that raised it. */
  readonly at: number;
  readonly statistic: number;
  /** Set in force when it was raised. */
  readonly set: number;
  readonly sequence: number;
}

/** A checkpoint that arrives in slices: all are of the state at the start of frame `first`. */
export interface Slices {
  readonly first: number;
  readonly of: number;
  readonly texts: readonly string[];
}

export interface Counters {
  readonly frames: number;
  readonly readings: number;
  readonly measured: number;
  readonly conflicts: number;
  readonly bad: number;
  readonly late: number;
  readonly notReproducible: number;
  readonly alarms: number;
  readonly alarmsNotReproduced: number;
  readonly bulk: number;
  readonly held: number;
  readonly parked: number;
  readonly deadLetters: number;
  /** Readings that the gateway says are missing. */
  readonly gaps: number;
}

/**
 * What ingest knows of a machine. Holds:
 *  - every frame of `epoch` up to `sequence` is stored, parked or dead-lettered durably; `chain` is their rolling hash;
 *  - `observer`, when present, is the observer's state after frame `sequence`, with set `set` in force.
 */
export interface IngestState {
  readonly thing: string;
  readonly instance: string;
  readonly twin: { readonly id: string; readonly version: string };
  readonly epoch: string;
  readonly sequence: number;
  readonly chain: string;
  /** Earlier epochs, newest first; a new frame of one of them is a cloned gateway. */
  readonly closed: readonly { readonly epoch: string; readonly sequence: number }[];
  /** Event times of the first and of the highest usable reading. */
  readonly lowest: number | null;
  readonly highest: number | null;
  readonly set: number;
  /** Event time at which `set` came into force; null for the prior set. */
  readonly setSince: number | null;
  readonly observer: string | null;
  readonly slices: Slices | null;
  readonly index: readonly IndexEntry[];
  readonly alarms: readonly ReproducedAlarm[];
  readonly decision: DecisionRecord | null;
  /** Objects of the held lane, and when they may be tried again. */
  readonly held: readonly { readonly key: string; readonly due: number }[];
  readonly counters: Counters;
}

const KEPT_EPOCHS = 16;
const KEPT_ALARMS = 64;

const NOTHING: Counters = {
  frames: 0,
  readings: 0,
  measured: 0,
  conflicts: 0,
  bad: 0,
  late: 0,
  notReproducible: 0,
  alarms: 0,
  alarmsNotReproduced: 0,
  bulk: 0,
  held: 0,
  parked: 0,
  deadLetters: 0,
  gaps: 0,
};

/** The state at the beginning of an epoch: what is known of the machine stays, the chain and the observer begin again. */
export function beginEpoch(
  before: IngestState | undefined,
  frame: Pick<IngestState, "thing" | "instance" | "twin" | "epoch">,
): IngestState {
  const { thing, instance, twin, epoch } = frame;
  const same = before?.instance === instance ? before : undefined;
  const closed = before ? [{ epoch: before.epoch, sequence: before.sequence }, ...before.closed] : [];
  return {
    thing,
    instance,
    twin,
    epoch,
    sequence: 0,
    chain: CHAIN_START,
    closed: closed.slice(0, KEPT_EPOCHS),
    lowest: same?.lowest ?? null,
    highest: same?.highest ?? null,
    set: 0,
    setSince: null,
    observer: null,
    slices: null,
    index: same?.index ?? [],
    alarms: same?.alarms ?? [],
    decision: same?.decision ?? null,
    held: before?.held ?? [],
    counters: before?.counters ?? NOTHING,
  };
}

export const withAlarms = (
  alarms: readonly ReproducedAlarm[],
  more: readonly ReproducedAlarm[],
): readonly ReproducedAlarm[] => [...alarms, ...more].slice(-KEPT_ALARMS);

/** Alarms that contradict the set in force: nothing has answered them yet. */
export const openAlarms = (state: IngestState): readonly ReproducedAlarm[] =>
  state.alarms.filter(({ set }) => set === state.set);

export function withEntry(
  state: Pick<IngestState, "index" | "lowest" | "highest">,
  entry: IndexEntry,
): Pick<IngestState, "index" | "lowest" | "highest"> {
  const empty = entry.from > entry.to;
  return {
    index: addEntry(state.index, entry),
    lowest: empty ? state.lowest : Math.min(entry.from, state.lowest ?? entry.from),
    highest: empty ? state.highest : Math.max(entry.to, state.highest ?? entry.to),
  };
}

export const plus = (counters: Counters, more: Partial<Counters>): Counters => ({
  ...counters,
  ...Object.fromEntries(
    Object.entries(more).map(([name, count]) => [name, counters[name as keyof Counters] + count]),
  ),
});

export const readIngestState = (
  store: ObjectStore,
  thing: string,
): Promise<Versioned<IngestState> | undefined> => getJson<IngestState>(store, ingestStateKey(thing));

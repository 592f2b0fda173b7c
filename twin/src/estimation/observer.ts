import { canonicalJson, readState } from "../contract/canonical-json.ts";
import type { ParameterSet } from "../contract/parameter-set.ts";
import { isUsable, type Reading } from "../contract/reading.ts";
import { sha256 } from "../contract/sha256.ts";
import { definitionDigest } from "../definition/digest.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { TwinError } from "../errors.ts";
import { entry } from "../linear-algebra/matrix.ts";
import { type Alarm, type DriftChart, DriftCharts } from "./drift-charts.ts";
import { type Filtered, type Level, updateLevel } from "./local-level.ts";
import { inMode } from "./operating-mode.ts";
import { type Linearisation, linearise } from "./sensitivity.ts";

/** A virtual sensor: what the light twin says about a quantity that nobody measures. */
export interface VirtualValue {
  readonly id: string;
  readonly value: number;
  readonly sd: number;
}

/** All signals of one event time. */
export interface Row {
  readonly at: number;
  /** Definition order; NaN = missing or unusable. */
  readonly values: readonly number[];
  readonly inMode: boolean;
  readonly virtual: readonly VirtualValue[];
  readonly alarms: readonly Alarm[];
}

export interface Observation {
  /** Absent when the reading was not fused. */
  readonly filtered?: Filtered;
  /** Rows that this reading completed, or closed by being later. */
  readonly rows: readonly Row[];
}

interface Pending {
  readonly at: number;
  readonly values: number[];
  missing: number;
}

/** Weight of an UNCERTAIN reading: three times the noise. */
const UNCERTAIN = 3;

/**
 * The on-device twin: pre-filters, rows, drift charts and virtual sensors, one reading at a time.
 *
 * A deterministic function of the readings in journal order and the sets in force: gateway and cloud run this same class
 * and get the same bits. It reads no clock; only event times move it.
 */
export class Observer {
  readonly #definition: TwinDefinition;
  readonly #column: ReadonlyMap<string, number>;
  #light: Linearisation;
  #charts: DriftCharts;
  #virtual: readonly VirtualValue[];
  #levels: (Level | undefined)[];
  #pending: Pending | undefined;
  #closed = Number.NEGATIVE_INFINITY;

  private constructor(definition: TwinDefinition, set: ParameterSet, charts?: readonly DriftChart[]) {
    this.#definition = definition;
    this.#column = new Map(definition.signals.map(({ id }, index) => [id, index]));
    this.#levels = definition.signals.map(() => undefined);
    this.#light = linearise(definition, set);
    this.#charts = new DriftCharts(definition, set, this.#light, charts);
    this.#virtual = virtualValues(definition, set, this.#light);
  }

  static start(definition: TwinDefinition, set: ParameterSet): Observer {
    return new Observer(definition, set);
  }

  /** A set came into force: the charts start anew, the pre-filters go on. */
  install(set: ParameterSet): void {
    this.#light = linearise(this.#definition, set);
    this.#charts = new DriftCharts(this.#definition, set, this.#light);
    this.#virtual = virtualValues(this.#definition, set, this.#light);
  }

  observe(reading: Reading): Observation {
    const index = this.#column.get(reading.signal);
    if (index === undefined) return { rows: [] };
    // A reading whose very time is in doubt must not end a row that is still filling.
    const later = this.#pending !== undefined && reading.at > this.#pending.at && reading.reason !== "clock";
    const rows = later && this.#pending ? [this.#close(this.#pending)] : [];
    if (!isUsable(reading)) return { rows };
    const signal = this.#definition.signals[index];
    if (!signal) return { rows };
    const noise = reading.quality === "UNCERTAIN" ? UNCERTAIN * signal.noise : signal.noise;
    const { level, filtered } = updateLevel(
      this.#levels[index],
      reading.at,
      reading.value,
      noise,
      signal.wander,
    );
    this.#levels[index] = level;
    const completed = this.#place(reading.at, index, reading.value);
    return { filtered, rows: completed ? [...rows, completed] : rows };
  }

  /** The newest filtered value of a signal, and the newest virtual sensors. */
  level(signal: string): { readonly value: number; readonly sd: number; readonly at: number } | undefined {
    const level = this.#levels[this.#column.get(signal) ?? -1];
    return level && { value: level.value, sd: Math.sqrt(level.variance), at: level.at };
  }
  get virtual(): readonly VirtualValue[] {
    return this.#virtual;
  }

  #place(at: number, index: number, value: number): Row | undefined {
    if (at <= this.#closed || (this.#pending !== undefined && at < this.#pending.at)) return undefined;
    this.#pending ??= {
      at,
      values: this.#definition.signals.map(() => Number.NaN),
      missing: this.#definition.signals.length,
    };
    if (Number.isNaN(this.#pending.values[index] ?? 0)) this.#pending.missing--;
    this.#pending.values[index] = value;
    return this.#pending.missing === 0 ? this.#close(this.#pending) : undefined;
  }

  #close({ at, values }: Pending): Row {
    this.#pending = undefined;
    this.#closed = at;
    const valid = inMode(
      this.#definition.mode,
      (signal) => values[this.#column.get(signal) ?? -1] ?? Number.NaN,
    );
    return {
      at,
      values,
      inMode: valid,
      virtual: this.#virtual,
      alarms: valid ? this.#charts.watch(at, values) : [],
    };
  }

  /** Canonical JSON of all that the next reading depends on; every double keeps its bits. */
  snapshot(): string {
    return canonicalJson({
      charts: this.#charts.charts,
      closed: Number.isFinite(this.#closed) ? this.#closed : null,
      definition: definitionDigest(this.#definition),
      levels: this.#levels.map((level) => level ?? null),
      pending:
        this.#pending === undefined
          ? null
          : {
              at: this.#pending.at,
              values: this.#pending.values.map((value) => (Number.isNaN(value) ? null : value)),
            },
    });
  }

  hash(): string {
    return sha256(this.snapshot());
  }

  /** @throws {TwinError} BAD_SNAPSHOT when it is damaged or of another definition. */
  static restore(definition: TwinDefinition, set: ParameterSet, snapshot: string): Observer {
    const state = readSnapshot(definition, snapshot);
    const observer = new Observer(definition, set, state.charts);
    observer.#levels = state.levels.map((level) => level ?? undefined);
    observer.#closed = state.closed ?? Number.NEGATIVE_INFINITY;
    if (state.pending) {
      const values = state.pending.values.map((value) => value ?? Number.NaN);
      observer.#pending = {
        at: state.pending.at,
        values,
        missing: values.filter((value) => Number.isNaN(value)).length,
      };
    }
    return observer;
  }
}

interface Snapshot {
  readonly charts: readonly DriftChart[];
  readonly closed: number | null;
  readonly definition: string;
  readonly levels: readonly (Level | null)[];
  readonly pending: { readonly at: number; readonly values: readonly (number | null)[] } | null;
}

function readSnapshot(definition: TwinDefinition, snapshot: string): Snapshot {
  const state = readState<Snapshot>(snapshot);
  const fits =
    state?.definition === definitionDigest(definition) &&
    state.levels?.length === definition.signals.length &&
    state.charts?.length === definition.parameters.length;
  if (!fits)
    throw new TwinError(
      "BAD_SNAPSHOT",
      "the observer's snapshot is damaged or belongs to another twin definition",
      "start from the newest checkpoint frame, or anew: the pre-filters settle within a few readings",
    );
  return state as Snapshot;
}

/** value = h(θ̂), sd² = gᵀ P g with g the virtual sensor's row of the Jacobian and P the parameters' covariance. */
function virtualValues(
  definition: TwinDefinition,
  set: ParameterSet,
  { outputs, jacobian }: Linearisation,
): VirtualValue[] {
  const size = definition.parameters.length;
  return definition.virtualSensors.map(({ id }, index) => {
    const row = definition.signals.length + index;
    let variance = 0;
    for (let left = 0; left < size; left++) {
      for (let right = 0; right < size; right++)
        variance +=
          jacobian.get(row, left) * (set.covariance[left * size + right] ?? 0) * jacobian.get(row, right);
    }
    return { id, value: entry(outputs, row), sd: Math.sqrt(Math.max(variance, 0)) };
  });
}

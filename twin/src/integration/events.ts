import { entry } from "../linear-algebra/matrix.ts";
import { IntegrationError } from "./failure.ts";
import type { Stepper } from "./system.ts";

/**
 * Something that happens when a function of time and state passes through zero: a switch, a contact, an end.
 *
 * Crossings are told by the sign at the ends of a step: two within one step go unseen (`maxStep` bounds that).
 */
export interface OdeEvent {
  readonly id: string;
  value(time: number, state: Float64Array): number;
  /** Which way the value must pass; both by default. */
  readonly direction?: "rising" | "falling" | "both";
  /** Changes the state in place, or whatever the derivative reads; the solver begins anew behind it. */
  change?(time: number, state: Float64Array): void;
  /** The run ends here. */
  readonly ends?: boolean;
}

/** A bracket this narrow is the last bit of a step; the Illinois form needs about ten rounds for it. */
const FRACTION_RESOLUTION = 2 ** -52;
const MOST_ROUNDS = 100;

export interface EventRecord {
  readonly id: string;
  readonly time: number;
  readonly before: Float64Array;
  readonly after: Float64Array;
}

export interface Crossing {
  readonly index: number;
  readonly event: OdeEvent;
  /** Where in the step, 0 … 1: the first resolved point on the far side. */
  readonly fraction: number;
}

/** The signs of all events along a run. Sign 0 is undecided: the first sign seen after it is taken without an event. */
export class EventWatch {
  readonly #events: readonly OdeEvent[];
  readonly #signs: Int8Array;
  readonly #signsAtEnd: Int8Array;
  readonly #point: Float64Array;

  constructor(events: readonly OdeEvent[], size: number) {
    this.#events = events;
    this.#signs = new Int8Array(events.length);
    this.#signsAtEnd = new Int8Array(events.length);
    this.#point = new Float64Array(size);
  }

  get empty(): boolean {
    return this.#events.length === 0;
  }

  start(time: number, state: Float64Array): void {
    for (const [index, event] of this.#events.entries()) this.#signs[index] = sign(event, time, state);
  }

  /** Crossings within an attempted step, in order of time. */
  crossings(stepper: Stepper, step: number): Crossing[] {
    const found: Crossing[] = [];
    for (const [index, event] of this.#events.entries()) {
      const after = sign(event, stepper.time + step, stepper.proposal);
      if (this.#passes(index, event, after)) {
        found.push({ index, event, fraction: this.#locate(event, stepper, step, after) });
      }
      this.#signsAtEnd[index] = after === 0 ? entry(this.#signs, index) : after;
    }
    return found.sort((one, other) => one.fraction - other.fraction);
  }

  /** A crossing without consequence lies behind. */
  passed({ index }: Crossing): void {
    this.#signs[index] = entry(this.#signsAtEnd, index);
  }

  /** The whole step was taken. */
  accept(): void {
    this.#signs.set(this.#signsAtEnd);
  }

  /**
   * Runs the change of an event on `state`, and those of the events that the change sets off in turn.
   * Each is told to `record`, which may refuse to go on by a throw.
   */
  fire(
    first: number,
    time: number,
    state: Float64Array,
    record: (record: EventRecord, ends: boolean) => void,
  ): void {
    for (let index = first; index >= 0; index = this.#setOff(time, state)) {
      const event = this.#events[index] as OdeEvent;
      const before = state.slice();
      const value = valueWhere(event, time, before);
      guarded(event, time, () => event.change?.(time, state));
      record({ id: event.id, time, before, after: state.slice() }, event.ends ?? false);
      // A change that leaves the value at its zero says nothing of the side on which the run goes on.
      this.#signs[index] = valueWhere(event, time, state) === value ? 0 : sign(event, time, state);
    }
  }

  /** The next event whose sign the last change has turned; −1 when none is. */
  #setOff(time: number, state: Float64Array): number {
    for (const [index, event] of this.#events.entries()) {
      const after = sign(event, time, state);
      if (this.#passes(index, event, after)) return index;
      if (entry(this.#signs, index) !== 0 && after !== 0) this.#signs[index] = after;
    }
    return -1;
  }

  #passes(index: number, { direction = "both" }: OdeEvent, after: number): boolean {
    const before = entry(this.#signs, index);
    if (before === 0 || after === 0 || before === after) return false;
    return direction === "both" || (direction === "rising") === after > 0;
  }

  /**
   * Regula falsi in the Illinois form on the continuous extension, to the last bits of the fraction.
   * @see Dowell & Jarratt (1971), BIT 11, 168–174.
   */
  #locate(event: OdeEvent, stepper: Stepper, step: number, after: number): number {
    const valueAt = (fraction: number): number => {
      const time = stepper.time + fraction * step;
      stepper.interpolate(fraction, this.#point);
      return valueWhere(event, time, this.#point);
    };
    let near = 0;
    let far = 1;
    let nearValue = valueAt(near);
    let farValue = valueAt(far);
    if (Math.sign(nearValue) !== -after) return 0;
    let retained = 0;
    for (let round = 0; round < MOST_ROUNDS && far - near > FRACTION_RESOLUTION; round++) {
      const secant = near + ((far - near) * nearValue) / (nearValue - farValue);
      const middle = secant > near && secant < far ? secant : (near + far) / 2;
      const value = valueAt(middle);
      if (Math.sign(value) === -after) {
        near = middle;
        nearValue = value;
        if (retained > 0) farValue /= 2;
        retained = 1;
      } else {
        far = middle;
        if (value === 0) break;
        farValue = value;
        if (retained < 0) nearValue /= 2;
        retained = -1;
      }
    }
    return far;
  }
}

const sign = (event: OdeEvent, time: number, state: Float64Array): number =>
  Math.sign(valueWhere(event, time, state));

function valueWhere(event: OdeEvent, time: number, state: Float64Array): number {
  const value = guarded(event, time, () => event.value(time, state));
  if (Number.isFinite(value)) return value;
  throw new IntegrationError("model-failed", time, 0, `the value of event ${event.id} is ${value}`);
}

function guarded<T>({ id }: OdeEvent, time: number, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new IntegrationError("model-failed", time, 0, `event ${id} threw: ${said}`, error);
  }
}

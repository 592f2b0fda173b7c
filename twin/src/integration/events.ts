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

/** A bracket this narrow is the last bit of a fraction; the Illinois form needs about ten rounds for it. */
const RESOLUTION = 2 ** -52;
/** Behind a change the near side is looked for this early in a step: the shortest flights that doubles tell from none. */
const EARLIEST_FRACTION = 2 ** -1000;
const MOST_ROUNDS = 100;
/** Share of the next step over which an event's rate is differenced: a straight line there, and well above round-off. */
const RATE_DIFFERENCE = 2 ** -10;

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
  /** The value falls to zero there, rather than jumping over it. */
  readonly continuous: boolean;
}

/** Where a run has come to: dx/dt is NaN where the model has none. */
export interface Point {
  readonly time: number;
  readonly state: Float64Array;
  readonly slope: Float64Array;
}

/**
 * The sides of zero, −1 or 1, on which the values of all events are along a run.
 *
 * A run that begins at a zero takes the side to which its value moves; one that rests there (side 0) takes the first side
 * seen, without an event. A change that leaves its own value at the zero puts it on the side to which it moves then; one
 * that stops it there leaves it where it came from, so that to go on across is another event: nothing falls through a floor.
 */
export class EventWatch {
  readonly #events: readonly OdeEvent[];
  readonly #signs: Int8Array;
  readonly #signsAtEnd: Int8Array;
  /** Of a value that a change has left at its zero: the side it came from, whether it stays there, how near zero was found. */
  readonly #cameFrom: Int8Array;
  readonly #stays: Uint8Array;
  readonly #zeroWidth: Float64Array;
  readonly #point: Float64Array;

  constructor(events: readonly OdeEvent[], size: number) {
    this.#events = events;
    this.#signs = new Int8Array(events.length);
    this.#signsAtEnd = new Int8Array(events.length);
    this.#cameFrom = new Int8Array(events.length);
    this.#stays = new Uint8Array(events.length);
    this.#zeroWidth = new Float64Array(events.length);
    this.#point = new Float64Array(size);
  }

  get empty(): boolean {
    return this.#events.length === 0;
  }

  start(time: number, state: Float64Array): void {
    for (const [index, event] of this.#events.entries()) this.#signs[index] = sign(event, time, state);
  }

  /** Where the stepper begins: gives a side to the values that are at their zeros, by their rates along the slope. */
  settle(point: Point, step: number): void {
    for (const [index, event] of this.#events.entries()) {
      if (entry(this.#signs, index) !== 0) continue;
      const value = valueWhere(event, point.time, point.state);
      if (Math.abs(value) > entry(this.#zeroWidth, index)) {
        this.#signs[index] = Math.sign(value);
      } else {
        const side = entry(this.#stays, index) === 1 ? 0 : Math.sign(this.#rise(event, point, step));
        this.#signs[index] = side || entry(this.#cameFrom, index);
      }
    }
  }

  /** Crossings within an attempted step, in order of time. */
  crossings(stepper: Stepper, step: number): Crossing[] {
    const found: Crossing[] = [];
    for (const [index, event] of this.#events.entries()) {
      const after = sign(event, stepper.time + step, stepper.proposal);
      if (this.#passes(index, event, after)) {
        found.push({ index, event, ...this.#locate(event, stepper, step, after) });
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
    { index: first, continuous }: Crossing,
    { time, state, slope }: Point,
    step: number,
    record: (record: EventRecord, ends: boolean) => void,
  ): void {
    const firstEvent = this.#events[first] as OdeEvent;
    const across = -entry(this.#signs, first);
    const rate = this.#rise(firstEvent, { time, state, slope }, step);
    // The crossing of a flight within round-off may be found before the state has turned: the change then turns it down.
    let stays = !Number.isNaN(rate) && Math.sign(rate) !== across ? 1 : 0;
    let width = continuous ? Math.abs(valueWhere(firstEvent, time, state)) : 0;
    for (let index = first; index >= 0; index = this.#setOff(time, state)) {
      const event = this.#events[index] as OdeEvent;
      const before = state.slice();
      guarded(event, time, () => event.change?.(time, state));
      record({ id: event.id, time, before, after: state.slice() }, event.ends ?? false);
      const after = valueWhere(event, time, state);
      this.#cameFrom[index] = entry(this.#signs, index);
      this.#stays[index] = stays;
      this.#zeroWidth[index] = width;
      this.#signs[index] = Math.abs(after) <= width ? 0 : Math.sign(after);
      stays = 0;
      width = 0;
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

  /** Difference of the value along the slope: its sign is that of the rate, NaN where there is no slope. */
  #rise(event: OdeEvent, { time, state, slope }: Point, step: number): number {
    const ahead = RATE_DIFFERENCE * step;
    for (let i = 0; i < state.length; i++) this.#point[i] = entry(state, i) + ahead * entry(slope, i);
    if (!this.#point.every(Number.isFinite)) return Number.NaN;
    return valueWhere(event, time + ahead, this.#point) - valueWhere(event, time, state);
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
  #locate(
    event: OdeEvent,
    stepper: Stepper,
    step: number,
    after: number,
  ): Pick<Crossing, "fraction" | "continuous"> {
    const valueAt = (fraction: number): number => {
      const time = stepper.time + fraction * step;
      stepper.interpolate(fraction, this.#point);
      return valueWhere(event, time, this.#point);
    };
    let near = 0;
    let far = 1;
    let nearValue = valueAt(near);
    let farValue = valueAt(far);
    const half = Math.max(Math.abs(nearValue), Math.abs(farValue)) / 2;
    // A step that begins at the zero: its near side is early in the step, or lost in the round-off of the value.
    for (let early = 1 / 2; Math.sign(nearValue) !== -after; early /= 2) {
      if (early < EARLIEST_FRACTION) return { fraction: 0, continuous: Math.abs(nearValue) < half };
      const value = valueAt(early);
      if (Math.sign(value) === -after) {
        near = early;
        nearValue = value;
      } else if (value !== 0) {
        far = early;
        farValue = value;
      }
    }
    let located = farValue;
    let retained = 0;
    for (let round = 0; round < MOST_ROUNDS && far - near > RESOLUTION * far; round++) {
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
        located = value;
        if (value === 0) break;
        farValue = value;
        if (retained < 0) nearValue /= 2;
        retained = -1;
      }
    }
    return { fraction: far, continuous: Math.abs(located) < half };
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

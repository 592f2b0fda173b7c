import { DANCER_LEVER, IDLERS, type Idler, RADIUS, SPAN_LENGTHS, STIFFNESS } from "./line-constants.ts";

/**
 * Unknowns of the line and their place in the vector (32):
 *  - tension T of spans S1 … S11, N;
 *  - flow q of unstretched web out of the unwind stand and over each idler, m/s;
 *  - speed ω of each idler, rad/s;
 *  - dancer angle, rad, and its rate, rad/s.
 */
export const SPAN_COUNT: number = SPAN_LENGTHS.length;
const FLOWS_AT = SPAN_COUNT;
const SPEEDS_AT = FLOWS_AT + 1 + IDLERS.length;
export const DANCER_ANGLE: number = SPEEDS_AT + IDLERS.length;
export const DANCER_RATE: number = DANCER_ANGLE + 1;
export const UNKNOWNS: number = DANCER_RATE + 1;

export const tensionAt = (span: number): number => span - 1;
export const UNWIND_FLOW: number = FLOWS_AT;
const place = new Map<number, number>(IDLERS.map((roller, index) => [roller, index]));
const placeOf = (roller: Idler): number => place.get(roller) ?? Number.NaN;
export const flowAt = (roller: Idler): number => FLOWS_AT + 1 + placeOf(roller);
export const speedAt = (roller: Idler): number => SPEEDS_AT + placeOf(roller);

/** Span before and after an idler; the master nip sits between S6 and S7. */
export const spansOf = (roller: Idler): { readonly before: number; readonly after: number } => ({
  before: roller,
  after: roller + 1,
});

/** A vector of unknowns, with the checks that typed arrays do not make. */
export class LineState {
  readonly values: Float64Array;

  constructor(values: Float64Array = new Float64Array(UNKNOWNS)) {
    this.values = values;
  }

  get(at: number): number {
    const value = this.values[at];
    if (value === undefined) throw new RangeError(`the line has no unknown ${at}`);
    return value;
  }

  set(at: number, value: number): void {
    this.values[at] = value;
  }

  copy(): LineState {
    return new LineState(this.values.slice());
  }

  tension(span: number): number {
    return this.get(tensionAt(span));
  }

  /** Stretch factor 1 + T/EA of a span. */
  stretch(span: number): number {
    return 1 + this.tension(span) / STIFFNESS;
  }

  /** Slip of an idler against the web that comes in, m/s. */
  slip(roller: Idler): number {
    return (
      this.get(flowAt(roller)) * this.stretch(spansOf(roller).before) - RADIUS * this.get(speedAt(roller))
    );
  }

  /** Unstretched web in a span, m: its length (the dancer shortens S11) over its stretch. */
  webIn(span: number): number {
    return this.lengthOf(span) / this.stretch(span);
  }

  lengthOf(span: number): number {
    const free = SPAN_LENGTHS[span - 1] ?? Number.NaN;
    return span === SPAN_COUNT ? free - DANCER_LEVER * this.get(DANCER_ANGLE) : free;
  }
}

import { TwinError } from "@plumbline/twin/errors";
import type { WearRamp } from "../scenario/scenario.ts";
import { DriveProfile, type StopWindow } from "./drive-profile.ts";
import { ImplicitStep } from "./implicit-step.ts";
import {
  DANCER_TENSION,
  IDLERS,
  type Idler,
  RADIUS,
  STAND_TENSION,
  STANDING_TENSION,
} from "./line-constants.ts";
import { nipSpeed, standTension } from "./line-equations.ts";
import { DANCER_ANGLE, LineState, SPAN_COUNT, speedAt, tensionAt } from "./line-state.ts";
import { bearingDrag } from "./wear.ts";

/** The line at an instant, as instruments without error would see it. */
export interface LineSnapshot {
  /** rad/s, by roller. */
  readonly speeds: ReadonlyMap<Idler, number>;
  /** N, S1 … S12. */
  readonly tensions: readonly number[];
  /** m/s, by roller; positive where the web is faster. */
  readonly slips: ReadonlyMap<Idler, number>;
  /** Nip 1, rad/s. */
  readonly nipSpeed: number;
  /** degrees */
  readonly dancerAngle: number;
}

/** First step after a corner of the drive's command, and the shortest at all, s. */
const FIRST_STEP = 0.01;
const SHORTEST_STEP = 1e-7;
const GROWTH = 3;
/** What a step may add that its predecessor's slope did not foretell: N, rad/s, rad. */
const TOLERANCE = { tension: 0.05, speed: 0.005, dancer: 1e-4 };

/**
 * The "real" roll-to-roll line: rollers with inertia, elastic web, friction with creep and gross slip, a dancer, two
 * driven nips, bearings that wear. It is integrated in time, with short steps where something happens and steps as long
 * as the caller's in between, and shares nothing with the twin's steady model.
 *
 * At t = 0 the line stands, its web held by a tenth of the running tension; then it starts up.
 */
export class WebLine {
  readonly #profile: DriveProfile;
  readonly #wear: readonly WearRamp[];
  readonly #stepper: ImplicitStep = new ImplicitStep();
  #seconds = 0;
  #state: LineState = atRest();
  /** The state one accepted step ago, for the slope; none after a corner. */
  #before: { state: LineState; h: number } | undefined;
  #nextStep = FIRST_STEP;
  #steps = 0;

  constructor(options: { wear: readonly WearRamp[]; stop?: StopWindow }) {
    this.#wear = options.wear;
    this.#profile = new DriveProfile(options.stop);
  }

  get seconds(): number {
    return this.#seconds;
  }

  /** Steps taken so far: the cost of the run. */
  get steps(): number {
    return this.#steps;
  }

  /** Moves to an instant not before the present one. @throws {TwinError} LINE_STUCK when no step converges. */
  advanceTo(seconds: number): void {
    for (const corner of this.#profile.corners.filter((at) => at >= this.#seconds && at < seconds)) {
      this.#runTo(corner);
      this.#before = undefined;
      this.#nextStep = FIRST_STEP;
    }
    this.#runTo(seconds);
  }

  snapshot(): LineSnapshot {
    const state = this.#state;
    const run = this.#profile.at(this.#seconds);
    const tensions = Array.from({ length: SPAN_COUNT }, (_, index) => state.tension(index + 1));
    return {
      speeds: new Map(IDLERS.map((roller) => [roller, state.get(speedAt(roller))])),
      tensions: [...tensions, standTension(run)],
      slips: new Map(IDLERS.map((roller) => [roller, state.slip(roller)])),
      nipSpeed: nipSpeed(run, state.get(DANCER_ANGLE)) / RADIUS,
      dancerAngle: (state.get(DANCER_ANGLE) * 180) / Math.PI,
    };
  }

  #runTo(end: number): void {
    while (end - this.#seconds > 1e-9) {
      const left = end - this.#seconds;
      // A last step that would leave a sliver is shared out evenly.
      const h = this.#nextStep >= left ? left : Math.min(this.#nextStep, left / 2);
      this.#step(h);
    }
  }

  #step(h: number): void {
    const predicted = this.#predict(h);
    const input = this.#inputAt(this.#seconds + h);
    const state =
      this.#stepper.take(this.#state, predicted, h, input) ??
      this.#stepper.take(this.#state, this.#state, h, input);
    const surprise = state === undefined ? Number.POSITIVE_INFINITY : surpriseOf(state, predicted);
    if (state === undefined || (surprise > 1 && h > FIRST_STEP)) {
      this.#shorten(h, surprise);
      return;
    }
    this.#before = { state: this.#state, h };
    this.#state = state;
    this.#seconds += h;
    this.#steps += 1;
    this.#nextStep =
      Math.max(h, FIRST_STEP) * Math.min(GROWTH, Math.max(0.5, 0.8 / Math.sqrt(surprise + 1e-12)));
  }

  #shorten(h: number, surprise: number): void {
    if (h < SHORTEST_STEP) {
      const hint =
        "the scenario asks for something the simulated line cannot do: report it with its scenario";
      throw new TwinError("LINE_STUCK", `the web line cannot be integrated past ${this.#seconds} s`, hint);
    }
    this.#nextStep = h * Math.max(0.1, Math.min(0.5, 0.8 / Math.sqrt(surprise)));
  }

  /** Straight on, at the last step's slope. */
  #predict(h: number): LineState {
    if (this.#before === undefined) return this.#state;
    const { state: older, h: last } = this.#before;
    const values = this.#state.values.map(
      (value, unknown) => value + ((value - older.get(unknown)) * h) / last,
    );
    return new LineState(values);
  }

  #inputAt(seconds: number): { run: number; drag: (roller: Idler) => number } {
    return { run: this.#profile.at(seconds), drag: (roller) => bearingDrag(this.#wear, roller, seconds) };
  }
}

function atRest(): LineState {
  const state = new LineState();
  for (let span = 1; span <= SPAN_COUNT; span += 1) {
    state.set(tensionAt(span), STANDING_TENSION * (span <= 6 ? STAND_TENSION : DANCER_TENSION));
  }
  return state;
}

/** How far a step went astray of its prediction, 1 = as much as is tolerated. */
function surpriseOf(state: LineState, predicted: LineState): number {
  const off = (unknown: number): number => Math.abs(state.get(unknown) - predicted.get(unknown));
  const tensions = Array.from(
    { length: SPAN_COUNT },
    (_, index) => off(tensionAt(index + 1)) / TOLERANCE.tension,
  );
  const speeds = IDLERS.map((roller) => off(speedAt(roller)) / TOLERANCE.speed);
  return Math.max(...tensions, ...speeds, off(DANCER_ANGLE) / TOLERANCE.dancer);
}

import { DormandPrince } from "./dormand-prince.ts";
import { type Crossing, type EventRecord, EventWatch } from "./events.ts";
import { IntegrationError } from "./failure.ts";
import type { Leg, Plan } from "./problem.ts";
import { Rosenbrock } from "./rosenbrock.ts";
import { firstStep, StepControl } from "./step-control.ts";
import type { IntegrationCounts, OdeSystem, Stepper } from "./system.ts";
import { StateTable, type Trajectory } from "./trajectory.ts";

/** Steps shorter than this share of the time, or of the whole span, are beneath what doubles resolve. */
const TIME_RESOLUTION = 2 ** -50;
const SPAN_RESOLUTION = 2 ** -100;
/** A step that would leave less than this share of itself to the end is stretched: no tiny last step. */
const STRETCH = 1.01;
/** Times that each event may happen at one and the same time. */
const MOST_AT_ONCE = 100;

/** One run over a checked problem: legs between discontinuities, steps within a leg, events within a step. */
export class IntegrationRun {
  readonly #system: OdeSystem;
  readonly #plan: Plan;
  readonly #control: StepControl = new StepControl();
  readonly #counts: IntegrationCounts = { steps: 0, rejected: 0, derivatives: 0, jacobians: 0 };
  readonly #watch: EventWatch;
  readonly #table: StateTable;
  readonly #point: Float64Array;
  readonly #records: EventRecord[] = [];
  readonly #smallestSpan: number;
  #stepper: Stepper;
  #step = 0;
  #stiffFrom: number | undefined;
  #endedBy: string | undefined;
  #atOnce = 0;
  #cause: unknown;

  constructor(system: OdeSystem, plan: Plan) {
    this.#system = system;
    this.#plan = plan;
    this.#watch = new EventWatch(plan.events, system.size);
    this.#table = new StateTable(plan.times, system.size);
    this.#point = new Float64Array(system.size);
    this.#smallestSpan = SPAN_RESOLUTION * ((plan.times.at(-1) as number) - plan.start);
    const Method = plan.method === "stiff" ? Rosenbrock : DormandPrince;
    this.#stepper = new Method(system, plan.tolerance, this.#counts);
  }

  trajectory(): Trajectory {
    const { start, initial, legs } = this.#plan;
    this.#watch.start(start, initial);
    this.#table.put(start, initial);
    let state = initial;
    let from = start;
    for (const leg of legs) {
      this.#begin(from, state, leg);
      while (this.#stepper.time < leg.end && this.#endedBy === undefined) this.#advance(leg);
      if (this.#endedBy !== undefined) break;
      from = leg.end;
      state = this.#stepper.state.slice();
    }
    return {
      times: this.#table.times,
      states: this.#table.states,
      events: this.#records,
      counts: this.#counts,
      ...(this.#endedBy === undefined ? {} : { endedBy: this.#endedBy }),
      ...(this.#stiffFrom === undefined ? {} : { stiffFrom: this.#stiffFrom }),
    };
  }

  #begin(time: number, state: Float64Array, leg: Leg): void {
    try {
      this.#stepper.start(time, state, leg.horizon);
    } catch (error) {
      throw new IntegrationError("model-failed", time, 0, messageOf(error), error);
    }
    const bad = this.#stepper.slope.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new IntegrationError("model-failed", time, 0, `derivative ${bad} is ${this.#stepper.slope[bad]}`);
    this.#control.restart();
    this.#step = this.#plan.initialStep ?? firstStep(this.#system, this.#plan.tolerance, this.#stepper, leg);
    this.#watch.settle(this.#stepper, this.#step);
  }

  /** One accepted step, or one rejected attempt. */
  #advance(leg: Leg): void {
    const { time } = this.#stepper;
    const wished = Math.min(this.#step, this.#plan.maxStep);
    const last = time + STRETCH * wished >= leg.end;
    const step = last ? leg.end - time : wished;
    const norm = this.#attempt(step);
    if (norm <= 1) {
      this.#counts.steps++;
      this.#step = this.#control.afterAccepted(step, norm);
      this.#finish(step, last ? leg.end : time + step, leg);
    } else {
      this.#counts.rejected++;
      this.#step = this.#control.afterRejected(step, norm);
      this.#checkResolution(norm);
    }
    const { maxSteps } = this.#plan;
    if (this.#counts.steps + this.#counts.rejected >= maxSteps && this.#stepper.time < leg.end)
      throw new IntegrationError(
        "too-many-steps",
        this.#stepper.time,
        step,
        `${maxSteps} attempts were made`,
      );
  }

  /** A model that throws rejects the attempt. */
  #attempt(step: number): number {
    this.#cause = undefined;
    try {
      return this.#stepper.attempt(step);
    } catch (error) {
      this.#cause = error;
      return Number.NaN;
    }
  }

  /** Takes the attempted step, up to the first event that has a consequence. */
  #finish(step: number, stepEnd: number, leg: Leg): void {
    const stepper = this.#stepper;
    for (const crossing of this.#watch.crossings(stepper, step)) {
      const { event, fraction } = crossing;
      const time = fraction === 1 ? stepEnd : stepper.time + fraction * step;
      stepper.interpolate(fraction, this.#point);
      if (event.change !== undefined || event.ends) {
        this.#table.putWithin(stepper, step, time);
        this.#interrupt(crossing, time, step, leg);
        return;
      }
      const before = this.#point.slice();
      this.#record({ id: event.id, time, before, after: before }, false);
      this.#watch.passed(crossing);
    }
    this.#table.putWithin(stepper, step, stepEnd);
    this.#table.put(stepEnd, stepper.proposal);
    stepper.accept(stepEnd);
    this.#watch.accept();
    if (this.#plan.method === "auto" && stepper.stabilityBound()) this.#turnStiff(leg);
  }

  #interrupt(crossing: Crossing, time: number, step: number, leg: Leg): void {
    const state = this.#point.slice();
    const here = { time, state, slope: this.#slopeAt(Math.min(time, leg.horizon), state) };
    this.#watch.fire(crossing, here, step, (record, ends) => this.#record(record, ends));
    this.#table.put(time, state);
    if (this.#endedBy === undefined) this.#begin(time, state, leg);
  }

  /** NaN where the model fails: the change of an event may be there to bring the state back from such a place. */
  #slopeAt(time: number, state: Float64Array): Float64Array {
    const slope = new Float64Array(state.length).fill(Number.NaN);
    this.#counts.derivatives++;
    try {
      this.#system.derivative(time, state, slope);
    } catch {
      slope.fill(Number.NaN);
    }
    return slope;
  }

  #record(record: EventRecord, ends: boolean): void {
    this.#atOnce = record.time === this.#records.at(-1)?.time ? this.#atOnce + 1 : 0;
    this.#records.push(record);
    if (ends) this.#endedBy ??= record.id;
    if (this.#atOnce > MOST_AT_ONCE * this.#plan.events.length)
      throw new IntegrationError(
        "too-many-events",
        record.time,
        this.#step,
        `${this.#atOnce} happened, ${record.id} the last, without time going on`,
      );
    if (this.#records.length > this.#plan.maxEvents)
      throw new IntegrationError(
        "too-many-events",
        record.time,
        this.#step,
        `${this.#plan.maxEvents} happened`,
      );
  }

  #turnStiff({ horizon }: Leg): void {
    const { time, state } = this.#stepper;
    this.#stepper = new Rosenbrock(this.#system, this.#plan.tolerance, this.#counts);
    this.#stepper.start(time, state, horizon);
    this.#stiffFrom = time;
  }

  #checkResolution(norm: number): void {
    const { time } = this.#stepper;
    if (this.#step > Math.max(TIME_RESOLUTION * Math.abs(time), this.#smallestSpan)) return;
    if (Number.isFinite(norm))
      throw new IntegrationError("step-too-small", time, this.#step, "the error stays above the tolerance");
    const said = this.#cause === undefined ? "the model's values are not finite" : messageOf(this.#cause);
    throw new IntegrationError("model-failed", time, this.#step, said, this.#cause);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

import type { Matrix } from "../linear-algebra/matrix.ts";

/**
 * A set of n first-order ordinary differential equations, dx/dt = f(t, x), times in any one unit.
 *
 * Functions write into `out` and keep nothing: a solver calls them in any order, also at states it will reject. A throw or
 * a value that is not finite rejects the step; a shorter one is tried.
 */
export interface OdeSystem {
  readonly size: number;
  /** `out` ← f(time, state). `out` is never `state`. */
  derivative(time: number, state: Float64Array, out: Float64Array): void;
  /** `out` ← ∂f/∂x, n × n. Forward differences stand in when absent; used by the stiff method only. */
  jacobian?(time: number, state: Float64Array, out: Matrix): void;
  /** True when f does not depend on time: saves the stiff method one evaluation a step. */
  readonly autonomous?: boolean;
}

/**
 * A one-step method at work: its state is (time, state); a step is first attempted and then accepted, or attempted again
 * shorter. All its memory is allocated once.
 */
export interface Stepper {
  readonly time: number;
  /** x at `time`, n; belongs to the stepper. */
  readonly state: Float64Array;
  /** dx/dt at `time`, n. */
  readonly slope: Float64Array;
  /** x at the end of the attempted step, n. */
  readonly proposal: Float64Array;
  /** Begins at a point. Stages are never evaluated later than `horizon`: the input beyond may be another one. */
  start(time: number, state: Float64Array, horizon: number): void;
  /** Proposes a step; the norm of its estimated error in units of the tolerance, NaN when the model failed on the way. */
  attempt(step: number): number;
  /** Takes the proposal as the state; `end` is its time, free of the round-off of a sum. */
  accept(end: number): void;
  /** `out` ← x at `fraction` (0 … 1) of the attempted step. */
  interpolate(fraction: number, out: Float64Array): void;
  /** Whether the accepted step was as long as the method's stability allows, rather than its accuracy. */
  stabilityBound(): boolean;
}

/** What a run of a solver cost. */
export interface IntegrationCounts {
  steps: number;
  rejected: number;
  derivatives: number;
  jacobians: number;
}

/** A function to minimise. Throwing and NaN are failed evaluations: counted, and worse than every number. */
export type Objective = (x: Float64Array) => number;

/** An objective that counts, and gives +∞ where it fails. An evaluation that is +∞ by itself is no failure. */
export class CountedObjective {
  evaluations = 0;
  failures = 0;
  readonly #objective: Objective;

  constructor(objective: Objective) {
    this.#objective = objective;
  }

  at(x: Float64Array): number {
    this.evaluations++;
    try {
      const value = this.#objective(x);
      if (!Number.isNaN(value)) return value;
    } catch {
      // Counted below: a model that fails on part of its domain is an expected outcome.
    }
    this.failures++;
    return Number.POSITIVE_INFINITY;
  }
}

/** Where a minimiser stopped, and why. */
export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  /** Whether a rule for a minimum was met; false when a limit or a failure ended the search. */
  readonly converged: boolean;
  readonly reason: StopReason;
  readonly iterations: number;
  readonly evaluations: number;
  readonly failures: number;
}

/**
 * - "gradient": the gradient is zero to tolerance.
 * - "flat": a step could no longer gain more than the noise of the objective.
 * - "simplex": the simplex has shrunk to tolerance.
 * - "no descent": no point along the search direction was better, though the gradient says so.
 * - "iterations", "evaluations": a limit.
 * - "no finite start": the objective failed, or was infinite, at the start.
 * - "unbounded": the objective fell to −∞.
 */
export type StopReason =
  | "gradient"
  | "flat"
  | "simplex"
  | "no descent"
  | "iterations"
  | "evaluations"
  | "no finite start"
  | "unbounded";

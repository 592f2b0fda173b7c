import { entry } from "../linear-algebra/matrix.ts";
import type { Leg } from "./problem.ts";
import type { OdeSystem, Stepper } from "./system.ts";
import type { Tolerance } from "./tolerance.ts";

/** Both pairs estimate an error of order 5 in the step. */
const ORDER = 5;
const BETA = 0.04;
const SAFETY = 0.9;
const LARGEST_GROWTH = 10;
const LARGEST_CUT = 5;
/** Cut after an attempt on which the model failed: nothing is known of the error. */
const BLIND_CUT = 4;
const SMALLEST_NORM = 1e-4;

/**
 * Proportional–integral control of the step, h⁺ = h · 0.9 · ‖e‖^(−(1/5 − 0.75 β)) · ‖e before‖^β with β = 0.04: fewer
 * rejections than the proportional rule where stability bounds the step.
 * @see Hairer & Wanner (1996), Solving Ordinary Differential Equations II, IV.2.
 */
export class StepControl {
  #normBefore = SMALLEST_NORM;
  #rejected = false;

  restart(): void {
    this.#normBefore = SMALLEST_NORM;
    this.#rejected = false;
  }

  /** The next step after an accepted one; no growth right after a rejection. */
  afterAccepted(step: number, norm: number): number {
    const cut = norm ** (1 / ORDER - 0.75 * BETA) / this.#normBefore ** BETA / SAFETY;
    const factor = Math.min(Math.max(cut, 1 / LARGEST_GROWTH), LARGEST_CUT);
    this.#normBefore = Math.max(norm, SMALLEST_NORM);
    const next = step / (this.#rejected ? Math.max(factor, 1) : factor);
    this.#rejected = false;
    return next;
  }

  /** A shorter step after a rejected one; `norm` is NaN when the model failed. */
  afterRejected(step: number, norm: number): number {
    this.#rejected = true;
    if (!Number.isFinite(norm)) return step / BLIND_CUT;
    return step / Math.min(LARGEST_CUT, norm ** (1 / ORDER - 0.75 * BETA) / SAFETY);
  }
}

/**
 * A first step from the sizes of x, f and an estimate of df/dt by one explicit Euler step (one evaluation).
 * @see Hairer, Nørsett & Wanner (1993), Solving Ordinary Differential Equations I, II.4.
 */
export function firstStep(
  system: OdeSystem,
  tolerance: Tolerance,
  { time, state, slope }: Stepper,
  { end, horizon }: Leg,
): number {
  const span = end - time;
  const size = tolerance.norm(state, state, state);
  const rate = tolerance.norm(slope, state, state);
  const guess = Math.min(size < 1e-5 || rate < 1e-5 ? 1e-6 * span : (0.01 * size) / rate, span);
  const ahead = state.map((value, index) => value + guess * entry(slope, index));
  const change = new Float64Array(state.length);
  try {
    system.derivative(Math.min(time + guess, horizon), ahead, change);
  } catch {
    return guess / 100;
  }
  for (let index = 0; index < change.length; index++)
    change[index] = entry(change, index) - entry(slope, index);
  const curvature = tolerance.norm(change, state, state) / guess;
  if (!Number.isFinite(curvature)) return guess / 100;
  const fastest = Math.max(rate, curvature);
  const step = fastest <= 1e-15 ? Math.max(1e-6 * span, guess / 1000) : (0.01 / fastest) ** (1 / ORDER);
  return Math.min(100 * guess, step, span);
}

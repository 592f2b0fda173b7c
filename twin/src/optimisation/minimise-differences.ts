import { Matrix } from "../linear-algebra/matrix.ts";
import type { CountedObjective, Objective } from "./minimise-counted.ts";

/** Relative error of an objective that is computed carefully in doubles; an integrator's tolerance where one is inside. */
export const DEFAULT_NOISE = 1e-15;

/**
 * Central differences with a step above the objective's noise: error h² from the curvature, noise/h from rounding, least at
 * h ~ noise^{1/3}. Falls back to the one side that has a value; NaN where neither has.
 * @see Nocedal & Wright (2006), Numerical Optimization, §8.1.
 */
export function centralGradient(
  objective: CountedObjective,
  x: Float64Array,
  value: number,
  noise: number,
  out: Float64Array,
): void {
  const probe = x.slice();
  for (let index = 0; index < x.length; index++) {
    const here = x[index] as number;
    const step = Math.cbrt(noise) * Math.max(Math.abs(here), 1);
    probe[index] = here + step;
    const above = objective.at(probe);
    probe[index] = here - step;
    const below = objective.at(probe);
    probe[index] = here;
    if (Number.isFinite(above) && Number.isFinite(below)) out[index] = (above - below) / (2 * step);
    else if (Number.isFinite(above)) out[index] = (above - value) / step;
    else out[index] = Number.isFinite(below) ? (value - below) / step : Number.NaN;
  }
}

export interface HessianOptions {
  /** Relative error of one evaluation. */
  readonly noise?: number;
  /** Step for each coordinate; (noise)^{1/6} · max(|x|, 1) when absent. */
  readonly steps?: ArrayLike<number>;
}

/**
 * Second derivatives, n × n, by central differences at h and h/2, extrapolated to order h⁴ (Richardson). Costs
 * 4 n² + 1 evaluations. For objectives of unknown noise: the steps are the caller's. Where the noise is known,
 * `hessianByDifferences` finds its own, and an error of each entry. Entries whose points fail are NaN: a maximum at an edge has no Hessian.
 * @see Nocedal & Wright (2006), §8.1; Richardson (1911), Phil. Trans. R. Soc. A 210.
 */
export function hessian(objective: Objective, x: Float64Array, options: HessianOptions = {}): Matrix {
  const step = (options.noise ?? DEFAULT_NOISE) ** (1 / 6);
  const steps = Float64Array.from(options.steps ?? x.map((value) => step * Math.max(Math.abs(value), 1)));
  const centre = objective(x);
  const result = new Matrix(x.length, x.length);
  for (let row = 0; row < x.length; row++) {
    for (let column = 0; column <= row; column++) {
      const wide = secondDifference(objective, x, centre, steps, row, column, 1);
      const narrow = secondDifference(objective, x, centre, steps, row, column, 0.5);
      const value = (4 * narrow - wide) / 3;
      result.set(row, column, value);
      result.set(column, row, value);
    }
  }
  return result;
}

function secondDifference(
  objective: Objective,
  x: Float64Array,
  centre: number,
  steps: Float64Array,
  row: number,
  column: number,
  scale: number,
): number {
  const [one, other] = [scale * (steps[row] as number), scale * (steps[column] as number)];
  const at = (first: number, second: number): number => {
    const probe = x.slice();
    probe[row] = (probe[row] as number) + first;
    probe[column] = (probe[column] as number) + second;
    try {
      return objective(probe);
    } catch {
      return Number.NaN;
    }
  };
  if (row === column) return (at(one, 0) - 2 * centre + at(-one, 0)) / (one * one);
  return (at(one, other) - at(one, -other) - at(-one, other) + at(-one, -other)) / (4 * one * other);
}

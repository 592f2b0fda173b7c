import { dot, Matrix } from "../linear-algebra/matrix.ts";
import { CountedObjective, type Minimum, type Objective, type StopReason } from "./minimise-counted.ts";
import { centralGradient, DEFAULT_NOISE } from "./minimise-differences.ts";
import { type LinePoint, wolfeSearch } from "./minimise-line-search.ts";

export interface MinimiseOptions {
  /** `out` ← ∇f(x); central differences above the noise when absent. */
  readonly gradient?: (x: Float64Array, out: Float64Array) => void;
  /** Relative error of one evaluation; 1e-15 when absent. Larger for objectives with an integrator inside. */
  readonly noise?: number;
  /** Stop when max |g_i| max(|x_i|, 1) ≤ tolerance · max(|f|, 1); 1e-8 when absent. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

/**
 * Minimises a smooth function without bounds by BFGS: quasi-Newton steps x⁺ = x − α H ∇f with α from a Wolfe line search, so
 * that the approximation H of the inverse Hessian stays positive definite.
 *
 * Local: a minimum near the start (see `multiStart`). Scale the coordinates to order 1. Points where the objective throws
 * or is NaN are steps that went too far.
 *
 * @see Nocedal & Wright (2006), Numerical Optimization, §6.1.
 */
export function minimise(
  objective: Objective,
  start: ArrayLike<number>,
  options: MinimiseOptions = {},
): Minimum {
  const search = new QuasiNewton(objective, options);
  return search.run(Float64Array.from(start));
}

class QuasiNewton {
  readonly #objective: CountedObjective;
  readonly #options: MinimiseOptions;
  readonly #noise: number;
  readonly #tolerance: number;

  constructor(objective: Objective, options: MinimiseOptions) {
    this.#objective = new CountedObjective(objective);
    this.#options = options;
    this.#noise = options.noise ?? DEFAULT_NOISE;
    this.#tolerance = options.tolerance ?? 1e-8;
  }

  run(start: Float64Array): Minimum {
    let here = this.#point(start, this.#objective.at(start));
    if (here.value === Number.NEGATIVE_INFINITY) return this.#stop(here, false, "unbounded", 0);
    if (!Number.isFinite(here.value)) return this.#stop(here, false, "no finite start", 0);
    let inverse: Matrix | undefined;
    const limit = this.#options.maxIterations ?? 200;
    for (let iteration = 0; iteration < limit; iteration++) {
      if (this.#isStationary(here)) return this.#stop(here, true, "gradient", iteration);
      const direction = descent(inverse, here.gradient);
      const slope = dot(direction, here.gradient);
      const first = inverse === undefined ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
      const next = this.#along(here, direction, slope, first);
      if (next === undefined) {
        if (inverse === undefined)
          return this.#stop(here, this.#isFlat(here, slope), flatOr(this.#isFlat(here, slope)), iteration);
        inverse = undefined; // Once more along the gradient itself.
        continue;
      }
      if (next.value === Number.NEGATIVE_INFINITY) return this.#stop(next, false, "unbounded", iteration);
      inverse = updated(inverse, here, next);
      const gained = here.value - next.value;
      here = next;
      if (gained <= 4 * this.#noise * Math.max(Math.abs(here.value), 1) && this.#isFlat(here, -slope))
        return this.#stop(here, true, "flat", iteration + 1);
    }
    return this.#stop(here, false, "iterations", limit);
  }

  #along(here: LinePoint, direction: Float64Array, slope: number, first: number): LinePoint | undefined {
    const at = (length: number): Float64Array =>
      here.x.map((value, index) => value + length * (direction[index] as number));
    return wolfeSearch({
      start: here,
      direction,
      slope,
      first,
      slack: this.#noise * Math.abs(here.value),
      value: (length) => this.#objective.at(at(length)),
      point: (length, value) => this.#point(at(length), value),
    });
  }

  #point(x: Float64Array, value: number): LinePoint {
    const gradient = new Float64Array(x.length);
    if (!Number.isFinite(value)) return { x, value, gradient };
    if (this.#options.gradient) this.#options.gradient(x, gradient);
    else centralGradient(this.#objective, x, value, this.#noise, gradient);
    return { x, value, gradient };
  }

  #isStationary({ x, value, gradient }: LinePoint): boolean {
    const scale = this.#tolerance * Math.max(Math.abs(value), 1);
    return gradient.every(
      (slope, index) => Math.abs(slope) * Math.max(Math.abs(x[index] as number), 1) <= scale,
    );
  }

  /** Whether what a step can still gain, |slope|, is lost in the noise of one evaluation. */
  #isFlat({ value }: LinePoint, slope: number): boolean {
    return Math.abs(slope) <= 1e3 * this.#noise * Math.max(Math.abs(value), 1);
  }

  #stop({ x, value }: LinePoint, converged: boolean, reason: StopReason, iterations: number): Minimum {
    const { evaluations, failures } = this.#objective;
    return { x, value, converged, reason, iterations, evaluations, failures };
  }
}

const flatOr = (flat: boolean): StopReason => (flat ? "flat" : "no descent");

/** −H g; −g before there is an H. */
function descent(inverse: Matrix | undefined, gradient: Float64Array): Float64Array {
  if (inverse === undefined) return gradient.map((slope) => -slope);
  return gradient.map((_, row) => {
    let sum = 0;
    for (let column = 0; column < gradient.length; column++)
      sum -= inverse.get(row, column) * (gradient[column] as number);
    return sum;
  });
}

/** H⁺ = (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ, ρ = 1/yᵀs; the first H is yᵀs/yᵀy · I. */
function updated(inverse: Matrix | undefined, from: LinePoint, to: LinePoint): Matrix | undefined {
  const size = from.x.length;
  const step = to.x.map((value, index) => value - (from.x[index] as number));
  const change = to.gradient.map((value, index) => value - (from.gradient[index] as number));
  const curvature = dot(step, change);
  if (!(curvature > 0)) return inverse;
  const before = inverse ?? Matrix.diagonal(new Float64Array(size).fill(curvature / dot(change, change)));
  const along = descent(before, change); // −H y
  const factor = (1 - dot(change, along) / curvature) / curvature;
  const result = new Matrix(size, size);
  for (let row = 0; row < size; row++) {
    const [s, hy] = [step[row] as number, along[row] as number];
    for (let column = 0; column < size; column++) {
      const [other, hyOther] = [step[column] as number, along[column] as number];
      result.set(
        row,
        column,
        before.get(row, column) + factor * s * other + (hy * other + s * hyOther) / curvature,
      );
    }
  }
  return result;
}

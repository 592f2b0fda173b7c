import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { Ladder } from "../../optimisation/ladder.ts";
import { forBounds, type Transform } from "../../optimisation/transforms.ts";
import { LOG_SQRT_TWO_PI } from "../../probability/normal.ts";
import type { FailurePolicy, RunCounts } from "../problem/evaluator.ts";
import type { SimulationProblem, Unknown } from "../problem/problem.ts";
import { ModelResiduals } from "./model-residuals.ts";
import { withoutPriors } from "./problem.ts";

/** Value, gradient and a positive curvature of φ at a point. */
export interface Expansion {
  readonly gradient: Float64Array;
  /** Gauss–Newton's JᵀJ/σ², the expected information of σ, and the priors' own curvature where it is positive. */
  readonly curvature: Matrix;
}

/**
 * φ = −ln p(z, y) of a simulation problem in unbounded coordinates z; with `noiseScale` σ as a last unknown the readings
 * have standard deviations σ s_i, else σ = 1.
 *
 *     φ(z) = ½ Σ (r_i/σ)² + n ln σ + Σ ln s_i + (n/2) ln 2π − Σ_j (ln p(θ_j) + ln dθ_j/dz_j)
 */
export class LogPosterior {
  readonly unknowns: readonly Unknown[];
  readonly transforms: readonly Transform[];
  /** Σ |terms| of φ at the last point: ε times this is what rounding makes of φ. */
  magnitude = 0;
  readonly #system: ModelResiduals;
  readonly #scaled: boolean;
  readonly #constant: number;
  readonly #residuals: Float64Array;
  readonly #jacobian: Matrix;
  readonly #ladder = new Ladder(1);

  constructor(problem: SimulationProblem, noiseScale: Unknown | undefined, failures: FailurePolicy) {
    this.#system = new ModelResiduals(withoutPriors(problem), failures);
    this.#scaled = noiseScale !== undefined;
    this.unknowns = noiseScale ? [...problem.unknowns, noiseScale] : problem.unknowns;
    const [low, high] = noiseScale?.prior.support ?? [0, Number.POSITIVE_INFINITY];
    this.transforms = noiseScale
      ? [...this.#system.transforms, forBounds(Math.max(0, low), high)]
      : this.#system.transforms;
    const { size, coordinates } = this.#system;
    this.#constant =
      problem.noise.reduce((sum, sd) => sum + Math.log(sd), 0) + problem.noise.length * LOG_SQRT_TWO_PI;
    this.#residuals = new Float64Array(size);
    this.#jacobian = new Matrix(size, coordinates);
  }

  get size(): number {
    return this.unknowns.length;
  }

  counts(): RunCounts {
    return this.#system.counts();
  }

  natural(z: ArrayLike<number>): Float64Array {
    return Float64Array.from(this.transforms, (transform, index) => transform.toNatural(z[index] as number));
  }

  coordinatesOf(theta: ArrayLike<number>): Float64Array {
    if (theta.length !== this.size)
      throw new TwinError(
        "BAD_SHAPE",
        `${theta.length} starting values for ${this.size} unknowns`,
        this.#scaled ? "expected one for each, the noise scale last" : "expected one for each",
      );
    return Float64Array.from(this.transforms, (transform, index) =>
      transform.fromNatural(theta[index] as number),
    );
  }

  /** φ; NaN when the model failed. */
  value(z: Float64Array): number {
    if (!this.#system.residuals(this.#model(z), this.#residuals)) return Number.NaN;
    const half = this.#halfSquares(z);
    const scale = this.#scaled ? this.#residuals.length * Math.log(this.#sigma(z)) : 0;
    let prior = 0;
    for (let index = 0; index < this.size; index++) prior += this.#logPrior(index, z[index] as number);
    this.magnitude = half + Math.abs(scale) + Math.abs(this.#constant) + Math.abs(prior);
    return half + scale + this.#constant - prior;
  }

  /** At a point where the model runs. */
  expand(z: Float64Array, slopes: "quick" | "exact"): Expansion {
    const model = this.#model(z);
    if (
      !this.#system.residuals(model, this.#residuals) ||
      !this.#system.jacobian(model, slopes, this.#jacobian)
    )
      throw new TwinError(
        "MODEL_FAILS",
        "the model gives no finite values around a point where it runs",
        "narrow the priors to where the model runs",
      );
    const gradient = new Float64Array(this.size);
    const curvature = new Matrix(this.size, this.size);
    this.#addData(z, gradient, curvature);
    for (let index = 0; index < this.size; index++) {
      const { slope, bend } = this.#priorSlopes(index, z[index] as number);
      gradient[index] = (gradient[index] as number) - slope;
      curvature.add(index, index, Math.max(0, -bend));
    }
    return { gradient, curvature };
  }

  #addData(z: Float64Array, gradient: Float64Array, curvature: Matrix): void {
    const weight = 1 / this.#sigma(z) ** 2;
    const { rows, columns } = this.#jacobian;
    for (let row = 0; row < rows; row++) {
      for (let one = 0; one < columns; one++) {
        const scaled = weight * this.#jacobian.get(row, one);
        gradient[one] = (gradient[one] as number) + scaled * (this.#residuals[row] as number);
        for (let other = 0; other < columns; other++)
          curvature.add(one, other, scaled * this.#jacobian.get(row, other));
      }
    }
    if (!this.#scaled) return;
    const relative = (this.transforms[columns] as Transform).slope(z[columns] as number) / this.#sigma(z);
    gradient[columns] = (rows - 2 * this.#halfSquares(z)) * relative;
    curvature.set(columns, columns, 2 * rows * relative * relative);
  }

  #halfSquares(z: Float64Array): number {
    let sum = 0;
    for (let row = 0; row < this.#residuals.length; row++) sum += (this.#residuals[row] as number) ** 2;
    return (0.5 * sum) / this.#sigma(z) ** 2;
  }

  #sigma(z: Float64Array): number {
    const last = this.size - 1;
    return this.#scaled ? (this.transforms[last] as Transform).toNatural(z[last] as number) : 1;
  }

  #model(z: Float64Array): Float64Array {
    return this.#scaled ? z.subarray(0, this.size - 1) : z;
  }

  #logPrior(index: number, z: number): number {
    const transform = this.transforms[index] as Transform;
    return (this.unknowns[index] as Unknown).prior.logDensity(transform.toNatural(z)) + transform.logSlope(z);
  }

  /** First and second derivative of ln p(z_j) by differences: priors are cheap and smooth. */
  #priorSlopes(index: number, z: number): { readonly slope: number; readonly bend: number } {
    const at = (step: number): number => this.#logPrior(index, z + step);
    const centre = at(0);
    const noise = Number.EPSILON * (1 + Math.abs(centre));
    const first = 0.05 * ((this.transforms[index] as Transform).reach(z) || 1);
    const derivative = (order: 1 | 2): number => {
      const error = this.#ladder.climb({
        first,
        base: 4,
        rounding: (step) => (order === 1 ? noise / step : (3 * noise) / step ** 2),
        quotient: (step, out) => {
          out[0] =
            order === 1
              ? (at(step) - at(-step)) / (2 * step)
              : (at(step) - 2 * centre + at(-step)) / (step * step);
          return Number.isFinite(out[0]);
        },
      });
      return Number.isNaN(error) ? 0 : (this.#ladder.best[0] as number);
    };
    return { slope: derivative(1), bend: derivative(2) };
  }
}

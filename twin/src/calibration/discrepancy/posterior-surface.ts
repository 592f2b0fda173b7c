import { TwinError } from "../../errors.ts";
import { dot, entry, Matrix } from "../../linear-algebra/matrix.ts";
import { centralJacobian } from "../../optimisation/differences.ts";
import type { Evaluator } from "../problem/evaluator.ts";
import { Target } from "../problem/target.ts";
import { type DiscrepantProblem, discrepantDensity, freeIndices, kernelAt } from "./discrepant-problem.ts";
import { GaussianProcess, processWhere } from "./gaussian-process.ts";

/** Step over which log priors are differenced in z; their formulas are good to round-off. */
const PRIOR_STEP = 1e-5;
/** Error of a model's outputs relative to their size, for the step of its differences. */
const ROUNDING = 1e-12;

/** ln p(z, y) of a discrepant problem and its gradient, in unbounded coordinates z. −∞ where the model or the prior has no value. */
export class PosteriorSurface {
  readonly target: Target;
  readonly #problem: DiscrepantProblem;
  readonly #evaluator: Evaluator;
  readonly #free: readonly number[];
  readonly #simulated: Float64Array;
  readonly #jacobian: Matrix;

  constructor(problem: DiscrepantProblem, evaluator: Evaluator) {
    this.target = new Target(discrepantDensity(problem));
    this.#problem = problem;
    this.#evaluator = evaluator;
    this.#free = freeIndices(problem);
    this.#simulated = new Float64Array(problem.observations.length);
    this.#jacobian = new Matrix(problem.observations.length, problem.unknowns.length);
  }

  value(z: Float64Array): number {
    const prior = this.target.logPrior(z);
    const process = Number.isFinite(prior) ? this.#process(z) : undefined;
    return process === undefined ? Number.NEGATIVE_INFINITY : prior + process.logMarginalLikelihood();
  }

  /** `out` ← ∂ ln p(z, y)/∂z; NaN where the model has no values around z. */
  gradient(z: Float64Array, out: Float64Array): void {
    const process = this.#process(z);
    if (process === undefined || !this.#linearise(z)) {
      out.fill(Number.NaN);
      return;
    }
    this.#priorGradient(z, out);
    for (let column = 0; column < this.#jacobian.columns; column++) {
      let sum = entry(out, column);
      for (let row = 0; row < this.#jacobian.rows; row++)
        sum += this.#jacobian.get(row, column) * entry(process.weights, row);
      out[column] = sum;
    }
    if (this.#free.length > 0) this.#addHyperGradient(z, process.gradient(), out);
  }

  /** 1/√curvature of each coordinate by itself, expected over data: the unit in which to search. */
  curvatureScale(z: Float64Array): Float64Array {
    const process = this.#process(z);
    if (process === undefined || !this.#linearise(z))
      throw new TwinError(
        "MODEL_FAILS",
        "the model gave no values where the search begins",
        "start where it runs",
      );
    return z.map((value, index) => {
      const column = this.#column(index);
      const information = column === undefined ? 0 : dot(column, process.solve(column));
      const step = PRIOR_STEP * Math.max(1, Math.abs(value));
      const [behind, here, ahead] = [-step, 0, step].map((offset) => this.#priorAt(z, index, offset)) as [
        number,
        number,
        number,
      ];
      const prior = -(ahead - 2 * here + behind) / step ** 2;
      const curvature = information + (prior > 0 ? prior : 0);
      return curvature > 0 ? 1 / Math.sqrt(curvature) : 1;
    });
  }

  /** dθ/dz. */
  slopes(z: Float64Array): Float64Array {
    return this.target.coordinates.slopes(z);
  }

  #column(index: number): Float64Array | undefined {
    if (index >= this.#jacobian.columns) return undefined;
    return Float64Array.from({ length: this.#jacobian.rows }, (_, row) => this.#jacobian.get(row, index));
  }

  #process(z: Float64Array): GaussianProcess | undefined {
    const { observations, points, noise } = this.#problem;
    const point = this.target.natural(z);
    if (!this.#simulate(z, this.#simulated)) return undefined;
    const values = observations.map((reading, index) => reading - entry(this.#simulated, index));
    const phi = point.slice(this.#problem.unknowns.length);
    return processWhere(() => new GaussianProcess(kernelAt(this.#problem, phi), { points, values, noise }));
  }

  #simulate(z: Float64Array, out: Float64Array): boolean {
    const theta = this.target.natural(z).slice(0, this.#problem.unknowns.length);
    return this.#evaluator.evaluate((into) => this.#problem.simulate(theta, into), out);
  }

  /** ∂h/∂z over θ's coordinates. */
  #linearise(z: Float64Array): boolean {
    const parameters = this.#jacobian.columns;
    const full = z.slice();
    const simulate = (own: Float64Array, out: Float64Array): boolean => {
      full.set(own);
      return this.#simulate(full, out);
    };
    const own = z.slice(0, parameters);
    const reach = own.map((value, index) => (this.#unbounded(index) ? Math.abs(value) || 1 : 1));
    const noise = ROUNDING * Math.sqrt(dot(this.#simulated, this.#simulated));
    return centralJacobian(simulate, own, this.#simulated.slice(), { reach, noise }, this.#jacobian);
  }

  #unbounded(index: number): boolean {
    return this.#problem.unknowns[index]?.prior.support.every((bound) => !Number.isFinite(bound)) ?? false;
  }

  #addHyperGradient(z: Float64Array, byLog: Float64Array, gradient: Float64Array): void {
    const slopes = this.slopes(z);
    const point = this.target.natural(z);
    const first = this.#jacobian.columns;
    for (const [position, index] of this.#free.entries()) {
      const at = first + position;
      const logSlope = entry(slopes, at) / entry(point, at);
      gradient[at] = entry(gradient, at) + entry(byLog, index) * logSlope;
    }
  }

  #priorGradient(z: Float64Array, gradient: Float64Array): void {
    for (let index = 0; index < z.length; index++) {
      const step = PRIOR_STEP * Math.max(1, Math.abs(entry(z, index)));
      gradient[index] = (this.#priorAt(z, index, step) - this.#priorAt(z, index, -step)) / (2 * step);
    }
  }

  #priorAt(z: Float64Array, index: number, offset: number): number {
    const moved = z.slice();
    moved[index] = entry(z, index) + offset;
    return this.target.logPrior(moved);
  }
}

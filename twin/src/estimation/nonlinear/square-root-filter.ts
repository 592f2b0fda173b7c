import { TwinError } from "../../errors.ts";
import { cholesky } from "../../linear-algebra/cholesky.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { gramOfRows, mirrorLower } from "../../linear-algebra/products.ts";
import {
  CheckedSystem,
  isFiniteVector,
  requireOrder,
  requireReading,
  requireStart,
  type Start,
} from "./checked-system.ts";
import { unwrap } from "./circles.ts";
import { Conditioning, type Factored } from "./conditioning.ts";
import type { Assimilation, Filter } from "./filter.ts";
import { type Factoring, Propagation } from "./propagation.ts";
import { type MomentRule, type Regression, type Regressor, slopeOf, unexplained } from "./regression.ts";
import { Relinearisation } from "./relinearisation.ts";
import type { StochasticSystem } from "./system.ts";
import { Observation, Transition } from "./system-mappings.ts";

export interface FilterOptions {
  /**
   * Times that a reading's line is drawn, first under the prior, then under the posterior that it led to. Default 1. More
   * make the iterated extended filter, and posterior linearisation of the sigma-point filters.
   */
  readonly iterations?: number;
}

/** How the lines of the last reading were drawn. */
export interface Iterations {
  readonly count: number;
  /** The last two posterior means lie within 1e-10 sd of each other; always true with a single line. */
  readonly converged: boolean;
}

/** One step of time as a smoother needs it: x_s ~ N(m, L Lᵀ) before, the line of f drawn there, and the belief after. */
export interface Passage {
  readonly before: Factored;
  readonly after: Factored;
  /** D: Cov[x_s, x_t] = L Dᵀ. */
  readonly slope: Matrix;
  /** A Aᵀ − c cᵀ + Q: what of x_t the line leaves unexplained. */
  readonly rest: Matrix;
}

/**
 * The Gaussian filter of a nonlinear system with additive noise, in square-root form; `rule` makes it the extended, unscented,
 * cubature or Gauss–Hermite filter.
 *
 *     predict:  f(x) ≈ m⁻ + D z + r,   P⁻ = D Dᵀ + Cov[r] + Q
 *     update:   h(x) ≈ ȳ + D z + r under N(m⁻, P⁻) — drawn anew, so that it knows Q —, then Bayes' rule for that line
 *
 * L with P = L Lᵀ is carried, never P: the posterior cannot lose its definiteness, and a reading 10²⁰ times as precise as the
 * state costs half of the digits, not all. For a linear system the mean, covariance and likelihood are the Kalman filter's.
 * @see Särkkä (2013), Bayesian Filtering and Smoothing, §6.1; Arasaratnam & Haykin (2009), IEEE Trans. Autom. Control 54(6), §V.
 */
export class SquareRootFilter implements Filter {
  readonly #system: CheckedSystem;
  readonly #transition: Transition;
  readonly #transitionRule: Regressor;
  readonly #observation: Observation;
  readonly #observationRule: Regressor;
  readonly #propagation: Propagation;
  readonly #conditioning: Conditioning;
  readonly #transitionElsewhere: Relinearisation;
  readonly #observationElsewhere: Relinearisation;
  readonly #iterations: number;
  #at: number;
  #belief: Factored;
  /** Where the next belief is worked out: a failure half-way leaves the belief as it was. */
  #next: Factored;
  #last: Iterations = { count: 0, converged: true };

  protected constructor(
    system: StochasticSystem,
    start: Start,
    rule: MomentRule,
    { iterations = 1 }: FilterOptions = {},
    factoring: Factoring = "formed",
  ) {
    this.#system = new CheckedSystem(system);
    requireStart(start, this.#system.states);
    if (!Number.isSafeInteger(iterations) || iterations < 1)
      throw new TwinError("BAD_OPTION", `iterations is ${iterations}`, "expected a whole number from 1 on");
    const { states, observationNoise } = this.#system;
    this.#transition = new Transition(this.#system);
    this.#transitionRule = rule(this.#transition);
    this.#observation = new Observation(this.#system);
    this.#observationRule = rule(this.#observation);
    this.#propagation = new Propagation(this.#transitionRule.result, factoring);
    this.#conditioning = new Conditioning(observationNoise, this.#observationRule.result);
    this.#transitionElsewhere = new Relinearisation(this.#transitionRule.result);
    this.#observationElsewhere = new Relinearisation(this.#observationRule.result);
    this.#iterations = iterations;
    this.#at = start.at;
    this.#belief = { mean: start.mean.slice(), factor: cholesky(start.covariance) };
    this.#next = { mean: new Float64Array(states), factor: new Matrix(states, states) };
  }

  get at(): number {
    return this.#at;
  }

  get lastIterations(): Iterations {
    return this.#last;
  }

  mean(): Float64Array {
    return this.#belief.mean.slice();
  }

  covariance(): Matrix {
    return covarianceOf(this.#belief.factor);
  }

  /** L, lower triangular with a diagonal ≥ 0. */
  factor(): Matrix {
    return this.#belief.factor.copy();
  }

  predict(to: number): void {
    requireOrder(this.#at, to);
    if (to === this.#at) return;
    this.#propagate(to);
  }

  /**
   * `predict` to a later time, and what a smoother needs to come back from there.
   * @param under where to draw the line of f; the belief itself unless given.
   */
  pass(to: number, under?: Factored): Passage {
    requireOrder(this.#at, to);
    const before = copyOf(this.#belief);
    const { line, noise } = this.#propagate(to, under);
    return { before, after: copyOf(this.#belief), slope: slopeOf(line), rest: unexplained(line, noise) };
  }

  #propagate(to: number, under = this.#belief): { line: Regression; noise: Matrix } {
    this.#transition.from = this.#at;
    this.#transition.to = to;
    const line = this.#draw(this.#transitionRule, this.#transitionElsewhere, under);
    const noise = this.#system.processNoise(this.#at, to);
    this.#next.mean.set(line.mean);
    this.#propagation.factor(line, noise, this.#next.factor);
    this.#commit();
    this.#at = to;
    return { line, noise };
  }

  /** @param under where to draw the line of h, once; the belief, and then as `iterations` says, unless given. */
  update(reading: ArrayLike<number>, under?: Factored): Assimilation {
    requireReading(reading, this.#system.outputs);
    if (nothingIn(reading)) return sayingNothing(reading.length);
    this.#observation.at = this.#at;
    let assimilation = this.#condition(under ?? this.#belief, reading);
    let count = 1;
    let converged = this.#iterations === 1 || under !== undefined;
    while (count < this.#iterations && !converged) {
      const before = copyOf(this.#next);
      assimilation = this.#condition(before, reading);
      converged = withinSds(before.mean, this.#next, SETTLED);
      count++;
    }
    this.#commit();
    this.#last = { count, converged };
    return assimilation;
  }

  /** A line drawn under any Gaussian, in the coordinates of the belief. */
  #draw(rule: Regressor, elsewhere: Relinearisation, under: Factored): Regression {
    rule.regress(under.mean, under.factor);
    return under === this.#belief ? rule.result : elsewhere.underPrior(rule.result, under, this.#belief);
  }

  /** The posterior, from the prior and a line drawn under `under`, in `next`. */
  #condition(under: Factored, reading: ArrayLike<number>): Assimilation {
    this.#observation.lookFrom(under.mean, reading);
    const line = this.#draw(this.#observationRule, this.#observationElsewhere, under);
    const read = Float64Array.from(reading);
    if (this.#system.periods) unwrap(read, this.#observationRule.result.mean, this.#system.periods);
    this.#next.mean.set(this.#belief.mean);
    this.#next.factor.data.set(this.#belief.factor.data);
    return this.#conditioning.condition(this.#next, line, read);
  }

  #commit(): void {
    if (!isFiniteVector(this.#next.mean) || !isFiniteVector(this.#next.factor.data))
      throw new TwinError(
        "NOT_FINITE",
        `the belief after time ${this.#at} would not be finite: mean (${this.#next.mean.join(", ")})`,
        "the belief is unchanged: bring states and readings to units in which their squares do not overflow",
      );
    [this.#belief, this.#next] = [this.#next, this.#belief];
  }
}

/** Posterior means this close, in sds, count as settled. */
export const SETTLED = 1e-10;

function nothingIn(reading: ArrayLike<number>): boolean {
  for (let output = 0; output < reading.length; output++) if (!Number.isNaN(reading[output])) return false;
  return true;
}

const sayingNothing = (outputs: number): Assimilation => ({
  logLikelihood: 0,
  nis: 0,
  size: 0,
  innovation: new Float64Array(outputs).fill(Number.NaN),
});

const copyOf = ({ mean, factor }: Factored): Factored => ({ mean: mean.slice(), factor: factor.copy() });

/** L Lᵀ. */
export const covarianceOf = (factor: Matrix): Matrix =>
  mirrorLower(gramOfRows(new Matrix(factor.rows, factor.rows), factor));

/** Whether no component of the mean has moved by more than `limit` of its sd. */
export function withinSds(before: Float64Array, { mean, factor }: Factored, limit: number): boolean {
  return mean.every((value, row) => {
    let variance = 0;
    for (let column = 0; column <= row; column++) variance += factor.get(row, column) ** 2;
    return Math.abs(value - (before[row] as number)) <= limit * Math.sqrt(variance);
  });
}

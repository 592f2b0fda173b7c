import { TwinError } from "../../errors.ts";
import { minimise } from "../../optimisation/minimise.ts";
import type { Minimum, StopReason } from "../../optimisation/minimise-counted.ts";
import { hessian } from "../../optimisation/minimise-differences.ts";
import { multiStart } from "../../optimisation/minimise-multi-start.ts";
import type { Dice } from "../../random/dice.ts";
import { likelihoodOfSeries } from "./filter.ts";
import {
  checkBounded,
  checkParameters,
  checkSomethingRead,
  densityAtRounding,
  noFit,
  spreadOf,
  unboundedLikelihood,
} from "./fit-checks.ts";
import {
  edgeNear,
  type FitParameter,
  fromNatural,
  slopeAt,
  startInterval,
  toNatural,
} from "./fit-coordinates.ts";
import { type UnidentifiedDirection, uncertaintyOf } from "./fit-uncertainty.ts";
import { concentrated, type DiffuseConvention } from "./likelihood.ts";
import type { LinearModel } from "./model.ts";
import { checkStart } from "./model-checks.ts";
import { checkedSeries, type Readings, type Series } from "./readings.ts";

/** A family of models and the readings to choose one by. */
export interface FitProblem {
  readonly parameters: readonly FitParameter[];
  readonly readings: Readings;
  /** The model at these values. May throw where it does not exist: a failed evaluation. */
  readonly model: (values: Readonly<Record<string, number>>) => LinearModel;
}

export interface FitOptions {
  readonly dice: Dice;
  /** Random starts. When absent up to 6, best first, until the three tried first agree. */
  readonly starts?: number;
  /**
   * A variance to divide out in closed form. Every variance of the model, its start included, must then be fitted with scale
   * "variance" (or be zero or diffuse): the fit checks this and refuses otherwise.
   */
  readonly concentrate?: string;
  /** Constants of the log-likelihood; "omit" when absent. */
  readonly diffuse?: DiffuseConvention;
  /** What to maximise in place of the exact likelihood: a robust one, or with a penalty. Not with `concentrate`. */
  readonly logLikelihood?: (model: LinearModel, series: Series) => number;
}

export interface FittedParameter {
  readonly id: string;
  readonly value: number;
  /** From the curvature at the maximum, by the delta method; NaN at a boundary, infinite where not identified. */
  readonly standardError: number;
  /** A variance of exactly 0, or a correlation of exactly ±1, is at least as likely as any other. */
  readonly atBoundary: boolean;
}

export interface LikelihoodFit {
  readonly parameters: readonly FittedParameter[];
  readonly values: Readonly<Record<string, number>>;
  readonly model: LinearModel;
  readonly logLikelihood: number;
  readonly convention: DiffuseConvention;
  readonly converged: boolean;
  readonly reason: StopReason;
  /** Combinations that the readings do not determine. */
  readonly unidentified: readonly UnidentifiedDirection[];
  readonly starts: number;
  /** Starts that ended at this maximum. */
  readonly agreeing: number;
  readonly evaluations: number;
  readonly failures: number;
}

/**
 * Maximum likelihood for any parameters of a linear model: BFGS on unbounded coordinates from several starts, the edges of
 * their ranges tried (variances of zero, correlations of ±1), standard errors from the Hessian.
 *
 * Fails softly: without a finite likelihood anywhere `converged` is false and the reason says so. A standard error assumes
 * white, Gaussian residuals: check the standardised innovations of the fitted model.
 *
 * @throws {TwinError} NO_READINGS, BAD_SHAPE, BAD_READING, OUT_OF_ORDER; BAD_BOX; BAD_OPTION for parameters that do not fit; NOT_SCALE_FREE when `concentrate` does not
 *   hold; NO_FIT when the likelihood is finite nowhere, or has no maximum
 *   because readings are predicted to within their rounding.
 * @see Durbin & Koopman (2012), §7.3; Harvey (1989), §3.4.
 */
export function maximumLikelihood(problem: FitProblem, options: FitOptions): LikelihoodFit {
  return new Fit(problem, options).run();
}

/** Parameters that are held at the edge of their range. */
type Edges = ReadonlyMap<string, number>;

const NO_EDGES: Edges = new Map();
const MOST_STARTS = 6;
const ENOUGH_AGREEING = 3;

class Fit {
  readonly #problem: FitProblem;
  readonly #options: FitOptions;
  readonly #searched: readonly FitParameter[];
  readonly #intervals: readonly (readonly [number, number])[];
  #series: Series | undefined;
  /** Above this log-density a reading, on average, the likelihood is running away. */
  #most = Number.POSITIVE_INFINITY;
  #evaluations = 0;
  #failures = 0;

  constructor(problem: FitProblem, options: FitOptions) {
    checkParameters(problem.parameters, options.concentrate);
    this.#problem = problem;
    this.#options = options;
    this.#searched = problem.parameters.filter(({ id }) => id !== options.concentrate);
    const spread = options.concentrate === undefined ? spreadOf(problem.readings) : 1;
    this.#intervals = this.#searched.map((parameter) => startInterval(parameter, spread));
  }

  run(): LikelihoodFit {
    const { dice, starts } = this.#options;
    const low = this.#intervals.map(([from]) => from);
    const high = this.#intervals.map(([, to]) => to);
    this.#checkReadings([low, high, low.map((from, index) => (from + (high[index] as number)) / 2)]);
    const search = multiStart((x) => this.#cost(x, NO_EDGES), { low, high }, dice, {
      starts: this.#searched.length === 0 ? 1 : (starts ?? MOST_STARTS),
      ...(starts === undefined && { enough: ENOUGH_AGREEING }),
    });
    this.#count(search);
    if (search.best.reason === "unbounded")
      throw unboundedLikelihood("the readings are predicted to within their rounding");
    if (!Number.isFinite(search.best.value)) throw noFit(search.failures);
    const { best, edges } = this.#atBoundaries(search.best);
    const values = this.#finalValues(best.x, edges);
    checkBounded(this.#problem.model(values), this.#problem.readings);
    return this.#report(best, values, edges, search);
  }

  /** Bad readings are the caller's error, not a failed evaluation: found at the first of these points that has a model. */
  #checkReadings(points: readonly (readonly number[])[]): void {
    for (const point of points) {
      let model: LinearModel;
      try {
        model = this.#problem.model(this.#values(Float64Array.from(point), NO_EDGES));
      } catch {
        continue;
      }
      checkSomethingRead(this.#seriesFor(model));
      return;
    }
  }

  /** Sets parameters to the edge of their range one by one, smallest effect first, where that costs nothing. */
  #atBoundaries(found: Minimum): { best: Minimum; edges: Edges } {
    let best = found;
    const edges = new Map<string, number>();
    for (;;) {
      const natural = this.#values(best.x, edges);
      const candidates = this.#searched
        .filter(({ id }) => !edges.has(id))
        .flatMap(({ id, scale }) => {
          const edge = edgeNear(scale, natural[id] as number);
          if (edge === undefined) return [];
          return [{ id, edge, cost: this.#safeCost(best.x, new Map([...edges, [id, edge]])) }];
        })
        .filter(({ cost }) => cost <= best.value + 1e-3)
        .sort((one, other) => one.cost - other.cost);
      const [next] = candidates;
      if (next === undefined) return { best, edges };
      const tried = new Map([...edges, [next.id, next.edge]]);
      const without = minimise((x) => this.#cost(x, tried), best.x);
      this.#count(without);
      if (!(without.value <= best.value + 1e-8)) return { best, edges };
      best = without;
      edges.set(next.id, next.edge);
    }
  }

  #report(
    best: Minimum,
    values: Readonly<Record<string, number>>,
    edges: Edges,
    search: { all: readonly Minimum[] },
  ): LikelihoodFit {
    const { parameters } = this.#problem;
    const free = parameters.filter(({ id }) => !edges.has(id));
    const coordinates = Float64Array.from(free, ({ id, scale }) => fromNatural(scale, values[id] as number));
    const information = hessian((z) => -this.#fullLikelihood(z, free, edges), coordinates);
    const { covariance, unidentified } = uncertaintyOf(
      free.map(({ id }) => id),
      information,
      free.map((parameter) => this.#unitOf(parameter)),
    );
    const convention = this.#options.diffuse ?? "omit";
    return {
      parameters: parameters.map(({ id, scale }) => {
        const value = values[id] as number;
        const index = free.findIndex((parameter) => parameter.id === id);
        const sd = index < 0 ? Number.NaN : Math.sqrt(covariance.get(index, index));
        return { id, value, standardError: Math.abs(slopeAt(scale, value)) * sd, atBoundary: edges.has(id) };
      }),
      values,
      model: this.#problem.model(values),
      logLikelihood: -best.value,
      convention,
      converged: best.converged,
      reason: best.reason,
      unidentified,
      starts: search.all.length,
      agreeing: search.all.filter(({ value }) => value <= best.value + 1e-4).length,
      evaluations: this.#evaluations,
      failures: this.#failures,
    };
  }

  /** −ln L, concentrated if asked. */
  #cost(x: Float64Array, edges: Edges): number {
    const model = this.#problem.model(this.#values(x, edges));
    const { concentrate, diffuse = "omit", logLikelihood } = this.#options;
    const series = this.#seriesFor(model);
    if (logLikelihood !== undefined) return -logLikelihood(model, series);
    const likelihood = likelihoodOfSeries(model, series, { diffuse });
    const { logLikelihood: reached } = concentrate === undefined ? likelihood : concentrated(likelihood);
    return reached > this.#most * likelihood.scalars ? Number.NEGATIVE_INFINITY : -reached;
  }

  #safeCost(x: Float64Array, edges: Edges): number {
    try {
      return this.#cost(x, edges);
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }

  #fullLikelihood(z: Float64Array, free: readonly FitParameter[], edges: Edges): number {
    const values: Record<string, number> = {};
    for (const [id, edge] of edges) values[id] = edge;
    free.forEach(({ id, scale }, index) => {
      values[id] = toNatural(scale, z[index] as number);
    });
    const model = this.#problem.model(values);
    const { diffuse = "omit", logLikelihood } = this.#options;
    const series = this.#seriesFor(model);
    return logLikelihood?.(model, series) ?? likelihoodOfSeries(model, series, { diffuse }).logLikelihood;
  }

  /** Values for a point of the search: variances relative to the one that is divided out, which is 1. */
  #values(x: Float64Array, edges: Edges): Record<string, number> {
    const { concentrate } = this.#options;
    const values: Record<string, number> = concentrate === undefined ? {} : { [concentrate]: 1 };
    this.#searched.forEach(({ id, scale }, index) => {
      values[id] = edges.get(id) ?? toNatural(scale, x[index] as number);
    });
    return values;
  }

  #finalValues(x: Float64Array, edges: Edges): Record<string, number> {
    const values = this.#values(x, edges);
    const { concentrate, diffuse = "omit" } = this.#options;
    if (concentrate === undefined) return values;
    const relative = this.#problem.model(values);
    const best = concentrated(likelihoodOfSeries(relative, this.#seriesFor(relative), { diffuse }));
    for (const { id, scale } of this.#problem.parameters)
      if (scale === "variance") values[id] = (values[id] as number) * best.scale;
    const absolute = this.#problem.model(values);
    const { logLikelihood } = likelihoodOfSeries(absolute, this.#seriesFor(absolute), { diffuse });
    if (!(Math.abs(logLikelihood - best.logLikelihood) <= 1e-6 * Math.max(1, Math.abs(logLikelihood))))
      throw new TwinError(
        "NOT_SCALE_FREE",
        `dividing out "${concentrate}" promises ${best.logLikelihood}, the model itself gives ${logLikelihood}`,
        'every variance must be a parameter of scale "variance", zero or diffuse; otherwise fit without concentrate',
      );
    return values;
  }

  /** The readings are checked once: models of one family have the same outputs and the same time of start. */
  #seriesFor(model: LinearModel): Series {
    if (this.#series === undefined) {
      checkStart(model);
      this.#series = checkedSeries(this.#problem.readings, model.outputs, model.start.at);
      this.#most = densityAtRounding(this.#series);
    }
    return this.#series;
  }

  #unitOf(parameter: FitParameter): number {
    if (parameter.scale !== "real") return 1;
    const index = this.#searched.indexOf(parameter);
    const [from, to] = this.#intervals[index] as readonly [number, number];
    return to - from || 1;
  }

  #count({ evaluations, failures }: { readonly evaluations: number; readonly failures: number }): void {
    this.#evaluations += evaluations;
    this.#failures += failures;
  }
}

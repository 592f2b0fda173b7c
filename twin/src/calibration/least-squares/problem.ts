import { TwinError } from "../../errors.ts";
import { requireFinite } from "../../linear-algebra/finite.ts";
import type { Matrix } from "../../linear-algebra/matrix.ts";
import { forBounds, type Transform } from "../../optimisation/transforms.ts";
import type { SimulationProblem } from "../problem/problem.ts";

/** One parameter of a fit. */
export interface FitParameter {
  readonly id: string;
  readonly unit?: string;
  /** The fit stays strictly inside; default unbounded. */
  readonly bounds?: readonly [low: number, high: number];
  /** Coordinate of the search; default the plainest for the bounds. `log10` where parameters span decades. */
  readonly transform?: Transform;
  /** A size at which the parameter matters, for one whose start is 0. Default 1 there. */
  readonly typical?: number;
}

/**
 * A model against n readings:
 *
 *     y_i = h_i(θ) + σ s_i e_i,   e_i ~ N(0, 1)
 *
 * `noise` are the s_i (default 1). `noiseScale` says whether σ is known to be 1 (the default once `noise` is given) or
 * estimated from the residuals; the standard errors follow. Weights w_i are s_i = 1/√w_i with an estimated scale.
 */
export interface LeastSquaresProblem {
  readonly parameters: readonly FitParameter[];
  /** y, n; all finite: leave out what is missing. In order of time where there is one: the autocorrelation is reported. */
  readonly observations: Float64Array;
  readonly noise?: Float64Array;
  readonly noiseScale?: "known" | "estimated";
  /** Writes h(θ), n. Throwing, NaN and infinities are failed runs. */
  simulate(theta: Float64Array, out: Float64Array): void;
  /** Writes ∂h/∂θ, n × p. Without it differences are taken, with steps above the model's noise. */
  jacobian?(theta: Float64Array, out: Matrix): void;
  /** sd of the model's own error in an output (solver tolerance), in its unit; measured when absent. */
  readonly modelNoise?: number;
}

/** A curve y = f(x; θ) through points: for a model that is a formula. `x` may hold numbers or records. */
export function curve<X>(shape: {
  readonly parameters: readonly (string | FitParameter)[];
  readonly x: ArrayLike<X>;
  readonly y: ArrayLike<number>;
  readonly noise?: ArrayLike<number>;
  readonly noiseScale?: "known" | "estimated";
  model(x: X, theta: Float64Array): number;
  /** ∂f/∂θ at one x, p numbers. */
  gradient?(x: X, theta: Float64Array): ArrayLike<number>;
}): LeastSquaresProblem {
  const { x, y, gradient } = shape;
  if (x.length !== y.length)
    throw new TwinError(
      "BAD_SHAPE",
      `a curve has ${x.length} x and ${y.length} y`,
      "expected one y for each x",
    );
  return {
    parameters: shape.parameters.map((parameter) =>
      typeof parameter === "string" ? { id: parameter } : parameter,
    ),
    observations: Float64Array.from(y),
    ...(shape.noise ? { noise: Float64Array.from(shape.noise) } : {}),
    ...(shape.noiseScale ? { noiseScale: shape.noiseScale } : {}),
    simulate(theta, out) {
      for (let row = 0; row < out.length; row++) out[row] = shape.model(x[row] as X, theta);
    },
    ...(gradient
      ? {
          jacobian(theta: Float64Array, out: Matrix): void {
            for (let row = 0; row < out.rows; row++) {
              const slopes = gradient(x[row] as X, theta);
              for (let column = 0; column < out.columns; column++)
                out.set(row, column, slopes[column] as number);
            }
          },
        }
      : {}),
  };
}

/** The data's part of a simulation problem: the priors only lend their supports as bounds. */
export const withoutPriors = (problem: SimulationProblem): LeastSquaresProblem => ({
  parameters: problem.unknowns.map(({ id, unit, prior }) => ({
    id,
    ...(unit === undefined ? {} : { unit }),
    bounds: prior.support,
  })),
  observations: problem.observations,
  noise: problem.noise,
  simulate: (theta, out) => problem.simulate(theta, out),
});

export const transformOf = ({ bounds, transform }: FitParameter): Transform =>
  transform ?? forBounds(bounds?.[0] ?? Number.NEGATIVE_INFINITY, bounds?.[1] ?? Number.POSITIVE_INFINITY);

/**
 * @throws {TwinError} EMPTY, BAD_PROBLEM, NOT_FINITE, BAD_SHAPE, BAD_NOISE
 */
export function checkProblem({ parameters, observations, noise, modelNoise }: LeastSquaresProblem): void {
  if (parameters.length === 0 || observations.length === 0)
    throw new TwinError(
      "EMPTY",
      `a fit of ${parameters.length} parameters to ${observations.length} observations`,
      "expected at least one of each",
    );
  const twice = parameters.find(({ id }, index) => parameters.findIndex((one) => one.id === id) < index);
  if (twice)
    throw new TwinError(
      "BAD_PROBLEM",
      `two parameters are called ${JSON.stringify(twice.id)}`,
      "expected a name of its own for each parameter",
    );
  requireFinite(observations, "the observations");
  if (noise && noise.length !== observations.length)
    throw new TwinError(
      "BAD_SHAPE",
      `${noise.length} standard deviations for ${observations.length} observations`,
      "expected one for each observation",
    );
  const bad = noise?.findIndex((sd) => !(sd > 0 && Number.isFinite(sd))) ?? -1;
  if (bad >= 0)
    throw new TwinError(
      "BAD_NOISE",
      `the standard deviation of observation ${bad} is ${noise?.[bad]}`,
      "expected positive finite numbers; leave an observation out instead of giving it no weight",
    );
  if (modelNoise !== undefined && !(modelNoise >= 0 && Number.isFinite(modelNoise)))
    throw new TwinError("BAD_NOISE", `the model's noise is ${modelNoise}`, "expected a finite number ≥ 0");
}

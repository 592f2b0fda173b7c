import { TwinError } from "../../errors.ts";
import { cholesky, logDeterminant, solveCholesky } from "../../linear-algebra/cholesky.ts";
import { Matrix, symmetrise } from "../../linear-algebra/matrix.ts";
import { symmetricEigen } from "../../linear-algebra/symmetric-eigen.ts";
import { hessianByDifferences } from "../../optimisation/hessian.ts";
import type { Transform } from "../../optimisation/transforms.ts";
import { LOG_SQRT_TWO_PI, standardNormalQuantile } from "../../probability/normal.ts";
import type { FailurePolicy, RunCounts } from "../problem/evaluator.ts";
import type { SimulationProblem, Unknown } from "../problem/problem.ts";
import { LogPosterior } from "./log-posterior.ts";

export interface LaplaceOptions {
  /** σ as an unknown: the readings' standard deviations are then σ times the problem's `noise`. */
  readonly noiseScale?: Unknown;
  readonly failures?: FailurePolicy;
  /** Default 200. */
  readonly iterations?: number;
}

/** A Gaussian around the most probable point, in the unbounded coordinates z of the unknowns. */
export interface LaplacePosterior {
  readonly ids: readonly string[];
  /** The most probable z, and the θ it stands for (not the mode of p(θ): the Jacobian counts). */
  readonly coordinates: Float64Array;
  readonly mode: Float64Array;
  /** In z: −∂² ln p(z, y), its inverse, and the root of its diagonal. */
  readonly precision: Matrix;
  readonly covariance: Matrix;
  readonly standardDeviations: Float64Array;
  /** ln p(z, y) at the mode: full constants, density of z. */
  readonly logJoint: number;
  /** ln p(y) ≈ logJoint + (p/2) ln 2π − ½ ln det precision. */
  readonly logEvidence: number;
  readonly converged: boolean;
  readonly iterations: number;
  readonly evaluations: RunCounts;
  /** θ with P(θ_j ≤ θ) = probability: the Gaussian's quantile, transformed. */
  quantile(id: string, probability: number): number;
}

/** Newton steps shorter than this share of a standard deviation have arrived. */
const ARRIVED = 1e-9;
/** Standard deviations that differences of the Hessian start from, over their own first share of a reach. */
const REACH = 20;

/**
 * Laplace's approximation of the posterior of a simulation problem: Gauss–Newton with Levenberg's damping to the mode,
 * Newton steps with the full Hessian (by differences, second derivatives of the model included) to its digits.
 *
 * Right where the posterior is one near-Gaussian peak in z; it does not see other modes, and a lopsided or bent posterior
 * shows only in a profile or a sampler. The coordinates are those of the priors' supports: logarithms for (0, ∞).
 *
 * @param start θ, strictly inside the supports; the noise scale last.
 * @throws {TwinError} NO_PEAK names the direction along which the posterior does not fall; MODEL_FAILS; OUT_OF_BOUNDS.
 * @see MacKay (2003), Information Theory, Inference, and Learning Algorithms, §27; Tierney & Kadane (1986), JASA 81.
 */
export function laplace(
  problem: SimulationProblem,
  start: ArrayLike<number>,
  { noiseScale, failures = {}, iterations = 200 }: LaplaceOptions = {},
): LaplacePosterior {
  const posterior = new LogPosterior(problem, noiseScale, failures);
  const climbed = climb(posterior, posterior.coordinatesOf(start), iterations);
  const peak = settle(posterior, climbed.z);
  const { z, precision, factor } = peak;
  const covariance = symmetrise(solveCholesky(factor, Matrix.identity(z.length)));
  const standardDeviations = covariance.diagonal().map(Math.sqrt);
  const logJoint = -posterior.value(z);
  const ids = posterior.unknowns.map(({ id }) => id);
  return {
    ids,
    coordinates: z,
    mode: posterior.natural(z),
    precision,
    covariance,
    standardDeviations,
    logJoint,
    logEvidence: logJoint + z.length * LOG_SQRT_TWO_PI - 0.5 * logDeterminant(factor),
    converged: climbed.converged && peak.arrived,
    iterations: climbed.iterations,
    evaluations: posterior.counts(),
    quantile(id, probability) {
      const index = ids.indexOf(id);
      const transform = posterior.transforms[index] as Transform | undefined;
      if (!transform)
        throw new TwinError(
          "UNKNOWN_PARAMETER",
          `no unknown is called ${id}`,
          `expected one of: ${ids.join(", ")}`,
        );
      return transform.toNatural(
        (z[index] as number) + standardNormalQuantile(probability) * (standardDeviations[index] as number),
      );
    },
  };
}

/** Damped Gauss–Newton on φ; ends when a step promises less than 1e-10. */
function climb(
  posterior: LogPosterior,
  start: Float64Array,
  most: number,
): { readonly z: Float64Array; readonly iterations: number; readonly converged: boolean } {
  let z = start;
  let value = posterior.value(z);
  if (!Number.isFinite(value))
    throw new TwinError(
      "MODEL_FAILS",
      "the model or a prior gives no finite value at the start",
      "start where the model runs and every prior has density",
    );
  let damping = 1e-3;
  for (let iteration = 1; iteration <= most; iteration++) {
    const { gradient, curvature } = posterior.expand(z, "quick");
    for (;;) {
      const move = dampedStep(curvature, gradient, damping);
      const promised = -gradient.reduce(
        (sum, slope, index) => sum + 0.5 * slope * (move[index] as number),
        0,
      );
      if (promised < 1e-10 * (1 + Math.abs(value))) return { z, iterations: iteration, converged: true };
      const moved = z.map((coordinate, index) => coordinate + (move[index] as number));
      const found = posterior.value(moved);
      if (found < value) {
        z = moved;
        value = found;
        damping = Math.max(damping / 5, 1e-12);
        break;
      }
      damping *= 4;
      if (damping > 1e15) return { z, iterations: iteration, converged: false };
    }
  }
  return { z, iterations: most, converged: false };
}

/** −(B + λ diag B)⁻¹ g; a zero of the diagonal counts as 1, so that an unseen direction stays where it is. */
function dampedStep(curvature: Matrix, gradient: Float64Array, damping: number): Float64Array {
  const damped = curvature.copy();
  for (let index = 0; index < gradient.length; index++)
    damped.add(index, index, damping * (curvature.get(index, index) || 1));
  return solveCholesky(cholesky(damped), new Matrix(gradient.length, 1, gradient)).data.map((move) => -move);
}

interface Peak {
  readonly z: Float64Array;
  readonly precision: Matrix;
  readonly factor: Matrix;
  readonly arrived: boolean;
}

/** Newton steps with one Hessian until they vanish, then the Hessian there. */
function settle(posterior: LogPosterior, start: Float64Array): Peak {
  let z = start;
  let arrived = false;
  let { precision, factor } = hessianAt(posterior, z);
  for (let round = 0; round < 20 && !arrived; round++) {
    const { gradient } = posterior.expand(z, "exact");
    const move = solveCholesky(factor, new Matrix(gradient.length, 1, gradient)).data;
    // ‖move‖ in standard deviations: moveᵀ H move = moveᵀ g.
    arrived =
      Math.sqrt(Math.abs(move.reduce((sum, step, index) => sum + step * (gradient[index] as number), 0))) <
      ARRIVED;
    z = z.map((coordinate, index) => coordinate - (move[index] as number));
  }
  ({ precision, factor } = hessianAt(posterior, z));
  return { z, precision, factor, arrived };
}

function hessianAt(
  posterior: LogPosterior,
  z: Float64Array,
): { readonly precision: Matrix; readonly factor: Matrix } {
  const { curvature } = posterior.expand(z, "exact");
  const reach = curvature.diagonal().map((entry, index) => {
    const own = (posterior.transforms[index] as Transform).reach(z[index] as number) || 1;
    return entry > 0 ? Math.min(REACH / Math.sqrt(entry), REACH * own) : own;
  });
  posterior.value(z);
  const noise = Number.EPSILON * posterior.magnitude;
  const { matrix } = hessianByDifferences((at) => posterior.value(at), z, reach, noise);
  requirePeak(matrix, posterior.unknowns);
  return { precision: matrix, factor: cholesky(matrix) };
}

function requirePeak(precision: Matrix, unknowns: readonly Unknown[]): void {
  const scale = precision.diagonal().map((entry) => 1 / Math.sqrt(Math.abs(entry) || 1));
  const scaled = new Matrix(precision.rows, precision.columns);
  for (let row = 0; row < precision.rows; row++)
    for (let column = 0; column < precision.columns; column++)
      scaled.set(
        row,
        column,
        precision.get(row, column) * (scale[row] as number) * (scale[column] as number),
      );
  const { values, vectors } = symmetricEigen(scaled);
  if ((values[0] ?? 0) > 1e-12) return;
  const involved = unknowns.filter((_, index) => Math.abs(vectors.get(index, 0)) > 0.1).map(({ id }) => id);
  throw new TwinError(
    "NO_PEAK",
    `the posterior does not fall along a direction of ${involved.join(", ")} (relative curvature ${values[0]})`,
    "the data and the priors leave it open: give a proper prior to one of them, or sample the posterior instead",
  );
}

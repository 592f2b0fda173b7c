import { cholesky } from "../linear-algebra/cholesky.ts";
import { entry, timesVector } from "../linear-algebra/matrix.ts";
import { symmetricEigen } from "../linear-algebra/symmetric-eigen.ts";
import { quantileOfSorted } from "../probability/empirical.ts";
import { covarianceOfPoints, sampleMean, sampleVariance } from "../probability/sample-moments.ts";
import type { Dice } from "../random/dice.ts";
import { contractionOf } from "./identifiability/contraction.ts";
import { describeDirection } from "./identifiability/direction.ts";
import { Coordinates } from "./problem/coordinates.ts";
import { drawable, samplePriorOf } from "./problem/priors.ts";
import type { DensityProblem, SimulationProblem, Unknown } from "./problem/problem.ts";
import type { CalibrationFinding, CalibrationResult } from "./problem/result.ts";

const DRAWS = 1000;
/** Share of a direction's prior variance that is left, from which on the data may not have seen it … */
const LEFT = 0.8;
/** … and do not, if no quantile along it moved by more than this many prior standard deviations. */
const STILL = 0.5;
const COMPARED: readonly number[] = [0.1, 0.25, 0.5, 0.75, 0.9];

/**
 * What the data did to the prior, in unbounded coordinates: directions that they do not see, however small the standard error
 * of a single unknown looks, and unknowns that they pull beyond what the prior allows.
 *
 * Candidates are the eigenvectors v of D^{−½} C D^{−½} with eigenvalues of 0.8 or more, C the posterior covariance and D the
 * prior variances; one is unseen if its posterior quantiles are the prior's. Says nothing under flat priors, where there is
 * nothing to compare with.
 */
export function priorToPosterior(
  problem: SimulationProblem | DensityProblem,
  result: CalibrationResult,
  dice: Dice,
): CalibrationFinding[] {
  const { unknowns } = problem;
  if (!drawable(unknowns, dice)) return [];
  const coordinates = new Coordinates(unknowns.map(({ prior }) => prior.support));
  const posterior = posteriorPoints(result, unknowns, coordinates, dice.split("posterior draws"));
  if (posterior.length < 2 * unknowns.length) return [];
  const stream = dice.split("prior draws");
  const prior = Array.from({ length: DRAWS }, (_, draw) =>
    coordinates.fromNatural(samplePriorOf(problem, stream.split(draw), new Float64Array(coordinates.size))),
  );
  return [...unseen(unknowns, prior, posterior), ...pulled(unknowns, prior, posterior)];
}

type Points = readonly Float64Array[];

function posteriorPoints(
  { draws, gaussian }: CalibrationResult,
  unknowns: readonly Unknown[],
  coordinates: Coordinates,
  dice: Dice,
): Points {
  if (gaussian !== undefined) {
    const factor = cholesky(gaussian.covariance);
    return Array.from({ length: DRAWS }, () => {
      const noise = Float64Array.from(unknowns, () => dice.normal());
      return timesVector(factor, noise).map((value, index) => value + entry(gaussian.mode, index));
    });
  }
  const total = (draws ?? []).reduce((sum, { rows }) => sum + rows, 0);
  const stride = Math.ceil(total / DRAWS);
  const points: Float64Array[] = [];
  for (const part of draws ?? [])
    for (let row = 0; row < part.rows; row += stride) {
      const theta = Float64Array.from(unknowns, (_, column) => part.get(row, column));
      const inside = unknowns.every(({ prior: { support } }, index) => {
        const value = entry(theta, index);
        return value > support[0] && value < support[1];
      });
      if (inside) points.push(coordinates.fromNatural(theta));
    }
  return points;
}

function unseen(unknowns: readonly Unknown[], prior: Points, posterior: Points): CalibrationFinding[] {
  const size = unknowns.length;
  const scales = covarianceOfPoints(prior).diagonal().map(Math.sqrt);
  const relative = covarianceOfPoints(
    posterior.map((point) => point.map((value, index) => value / entry(scales, index))),
  );
  const { values, vectors } = symmetricEigen(relative);
  const ids = unknowns.map(({ id }) => id);
  return Array.from(values).flatMap((value, column) => {
    const weights = Float64Array.from({ length: size }, (_, row) => vectors.get(row, column));
    if (!(value >= LEFT) || !unmoved(prior, posterior, weights, scales)) return [];
    const { involved, words } = describeDirection(weights, Math.sqrt(value), ids, scales, false);
    const what = involved.length === 1 ? involved.join("") : words;
    const text = `the data leave the prior as it was along: ${what}`;
    return [{ kind: "unseen direction" as const, text }];
  });
}

function unmoved(prior: Points, posterior: Points, weights: Float64Array, scales: Float64Array): boolean {
  const along = (points: Points): Float64Array =>
    Float64Array.from(points, (point) =>
      point.reduce((sum, value, index) => sum + (entry(weights, index) * value) / entry(scales, index), 0),
    ).sort();
  const before = along(prior);
  const after = along(posterior);
  const spread = Math.sqrt(sampleVariance(before));
  return COMPARED.every(
    (probability) =>
      Math.abs(quantileOfSorted(after, probability) - quantileOfSorted(before, probability)) < STILL * spread,
  );
}

function pulled(unknowns: readonly Unknown[], prior: Points, posterior: Points): CalibrationFinding[] {
  return unknowns.flatMap(({ id }, index) => {
    const before = momentsOf(prior, index);
    const after = momentsOf(posterior, index);
    if (!(after.sd > 0)) return [];
    const { shift, conflict } = contractionOf(before, after);
    if (!conflict) return [];
    const text = `the data pull ${id} ${shift.toFixed(1)} prior standard deviations away from the prior's mean`;
    return [{ kind: "prior-data conflict" as const, text }];
  });
}

function momentsOf(points: Points, index: number): { mean: number; sd: number } {
  const values = Float64Array.from(points, (point) => entry(point, index));
  return { mean: sampleMean(values), sd: Math.sqrt(sampleVariance(values)) };
}

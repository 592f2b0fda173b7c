import { lagOneAboutZero } from "../../diagnostics/whiteness.ts";
import { entry } from "../../linear-algebra/matrix.ts";
import { chiSquaredSurvival } from "../../probability/chi-squared.ts";
import { sampleVariance } from "../../probability/sample-moments.ts";
import type { Dice } from "../../random/dice.ts";
import { drawable, samplePriorOf } from "./priors.ts";
import type { SimulationProblem } from "./problem.ts";
import type { CalibrationFinding, UnknownSummary } from "./result.ts";

/** What the residuals of the best of some outputs, points of the posterior's middle, say of the noise and the model. */
export function residualFindings(
  problem: SimulationProblem,
  outputs: readonly Float64Array[],
  summaries: readonly UnknownSummary[],
  dice: Dice,
): CalibrationFinding[] {
  const all = outputs.map((output) => standardised(problem, output));
  const sums = all.map(sumOfSquares);
  const best = all[sums.indexOf(Math.min(...sums))];
  if (best === undefined) return [];
  const fitted = determined(problem, summaries, dice);
  return [...misfit(best, fitted), ...correlated(best, fitted)];
}

const standardised = ({ observations, noise }: SimulationProblem, output: Float64Array): Float64Array =>
  observations.map((reading, index) => (reading - entry(output, index)) / entry(noise, index));

const sumOfSquares = (residuals: Float64Array): number =>
  residuals.reduce((sum, value) => sum + value * value, 0);

/** Probability below which a sum of squares is no accident. */
const NO_ACCIDENT = 1e-3;

/** Σ ((y − h)/sd)² against χ² with as many degrees of freedom as readings less what they determined. */
function misfit(residuals: Float64Array, fitted: number): CalibrationFinding[] {
  const sum = sumOfSquares(residuals);
  const freedom = residuals.length - fitted;
  if (!(freedom > 0)) return [];
  const probability = chiSquaredSurvival(sum, freedom);
  if (!(probability < NO_ACCIDENT)) return [];
  const times = Math.sqrt(sum / freedom);
  const text = `residuals are ${times.toFixed(1)} times as large as the noise allows: χ² = ${sum.toPrecision(3)} on ${freedom.toFixed(1)} degrees of freedom, p = ${probability.toExponential(1)}; the noise is understated or the model is wrong, and the bands are too narrow`;
  return [{ kind: "misfit", text }];
}

const PRIOR_DRAWS = 1000;

/**
 * Unknowns that the data determined, in all: each counts as the share of its prior variance that is gone, under a flat prior
 * as a whole. The residuals have lost so many degrees of freedom.
 */
function determined(problem: SimulationProblem, summaries: readonly UnknownSummary[], dice: Dice): number {
  const { unknowns } = problem;
  if (!drawable(unknowns, dice)) return unknowns.length;
  const draws = Array.from({ length: PRIOR_DRAWS }, (_, draw) =>
    samplePriorOf(problem, dice.split(draw), new Float64Array(unknowns.length)),
  );
  return summaries.reduce((sum, { sd }, index) => {
    const before = sampleVariance(draws.map((draw) => entry(draw, index)));
    return sum + Math.max(0, 1 - sd ** 2 / before);
  }, 0);
}

/** Of a white series' first autocorrelation, in standard errors: passed by 3 in 1000; of short series by 1 in 100. */
const SIGMAS = { usual: 3, short: 2.6 } as const;
const SHORT = 20;
/** Fewer residuals tell too little. */
const ENOUGH_READINGS = 10;

/**
 * r₁ in the order of the readings. Of white residuals its mean is 0 and its variance (n − 1)/(n (n + 2)); what was fitted as a
 * smooth course takes p/n off the mean, without which a dozen readings would show nothing.
 */
function correlated(residuals: Float64Array, fitted: number): CalibrationFinding[] {
  const count = residuals.length;
  if (count < ENOUGH_READINGS) return [];
  const correlation = lagOneAboutZero(residuals);
  const short = count < SHORT;
  const breadth = (short ? SIGMAS.short : SIGMAS.usual) * Math.sqrt((count - 1) / (count * (count + 2)));
  const limit = short && correlation > 0 ? breadth - fitted / count : breadth;
  if (!(Math.abs(correlation) > limit)) return [];
  const text = `residuals follow each other with a correlation of ${correlation.toFixed(2)} (limit ${limit.toFixed(2)}): the noise is not independent or the model is biased, and the bands are too narrow`;
  return [{ kind: "correlated residuals", text }];
}

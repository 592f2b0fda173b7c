import type { Matrix } from "../../linear-algebra/matrix.ts";
import { quantileOfSorted } from "../../probability/empirical.ts";
import { sampleVariance } from "../../probability/sample-moments.ts";
import type { RunCounts } from "../problem/evaluator.ts";
import type { Unknown } from "../problem/problem.ts";
import { type CalibrationFinding, QUANTILES, type UnknownSummary } from "../problem/result.ts";
import type { Target } from "../problem/target.ts";
import type { Convergence } from "./convergence.ts";

/** Mean, sd and quantiles of draws; with what is known of how well they were drawn. */
export function summariesOf(
  unknowns: readonly Unknown[],
  draws: readonly Matrix[],
  drawn: readonly (Partial<Convergence> & { readonly mcse?: number })[] = [],
): UnknownSummary[] {
  return unknowns.map(({ id, unit }, column) => {
    const values = columnOf(draws, column).sort();
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const sd = Math.sqrt(sampleVariance(values, mean));
    const { mcse, essBulk } = drawn[column] ?? {};
    const error = mcse ?? (essBulk === undefined ? undefined : sd / Math.sqrt(essBulk));
    return {
      id,
      ...(unit === undefined ? {} : { unit }),
      mean,
      sd,
      quantiles: QUANTILES.map((probability) => ({
        probability,
        value: quantileOfSorted(values, probability),
      })),
      ...(error === undefined ? {} : { mcse: error }),
      ...drawn[column],
    };
  });
}

export const columnOf = (draws: readonly Matrix[], column: number): Float64Array => {
  const values = new Float64Array(draws.reduce((sum, { rows }) => sum + rows, 0));
  let index = 0;
  for (const part of draws) for (let row = 0; row < part.rows; row++) values[index++] = part.get(row, column);
  return values;
};

/** What the runs have to say. */
export function runFindings(counts: RunCounts, target?: Target): CalibrationFinding[] {
  const findings: CalibrationFinding[] = [];
  if (counts.failed > 0)
    findings.push({
      kind: "failed runs",
      text: `${counts.failed} of ${counts.runs} model runs failed, ${counts.dropped} points were given up; the first said: ${counts.firstFailure}`,
    });
  if (target !== undefined && target.undefinedPriors > 0)
    findings.push({
      kind: "undefined prior",
      text: `the prior density was NaN or infinite at ${target.undefinedPriors} points, which were taken as impossible`,
    });
  return findings;
}

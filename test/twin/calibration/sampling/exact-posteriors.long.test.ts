import type { DensityProblem } from "@plumbline/twin/calibration/problem/problem";
import type { CalibrationResult } from "@plumbline/twin/calibration/problem/result";
import { ensembleMcmc } from "@plumbline/twin/calibration/sampling/ensemble-mcmc";
import { sequentialMonteCarlo } from "@plumbline/twin/calibration/sampling/sequential-monte-carlo";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import {
  conjugateRegression,
  type ExactPosteriors,
  nileVariances,
  normalisedEightSchools,
  rcThermal,
} from "../../support/exact-posteriors.ts";

interface Truth {
  readonly problem: DensityProblem;
  readonly logEvidence: number;
  /** Mean and sd of the unknown with this index. */
  readonly moments: readonly (readonly [index: number, mean: number, sd: number])[];
}

function truthsOf({ posteriors }: ExactPosteriors, y: readonly number[]): Readonly<Record<string, Truth>> {
  const {
    eight_schools: eight,
    linreg_nig: line,
    nile_variance_posterior: nile,
    rc_thermal: rc,
  } = posteriors;
  return {
    "eight schools, centred": {
      problem: normalisedEightSchools(eight),
      logEvidence: eight.exact.log_evidence_half_cauchy_normalised,
      moments: [
        ...eight.exact.theta_mean.map(
          (mean, school) => [school, mean, eight.exact.theta_sd[school]!] as const,
        ),
        [8, eight.exact.mu_mean, eight.exact.mu_sd],
        [9, eight.exact.tau_mean, eight.exact.tau_sd],
      ],
    },
    "conjugate regression": {
      problem: conjugateRegression(line),
      logEvidence: line.exact.log_evidence,
      moments: [
        [0, line.exact.beta_mean[0]!, line.exact.beta_sd[0]!],
        [1, line.exact.beta_mean[1]!, line.exact.beta_sd[1]!],
        [2, line.exact.sigma2_mean, line.exact.sigma2_sd],
      ],
    },
    "Nile variances": {
      problem: nileVariances(y),
      logEvidence: nile.exact.log_evidence,
      moments: [
        [0, nile.exact.sigma_eps_mean, nile.exact.sigma_eps_sd],
        [1, nile.exact.sigma_eta_mean, nile.exact.sigma_eta_sd],
      ],
    },
    // The moments in the file are of R, C, σ; the unknowns are their logarithms.
    "RC thermal": { problem: rcThermal(rc), logEvidence: rc.exact.log_evidence, moments: [] },
  };
}

const checkMoments = (result: CalibrationResult, { moments }: Truth): void => {
  for (const [index, mean, sd] of moments) {
    const summary = result.summaries[index]!;
    expect(Math.abs(summary.mean - mean), summary.id).toBeLessThan(4 * summary.mcse!);
    expect(Math.abs(summary.sd / sd - 1), summary.id).toBeLessThan(0.1);
  }
};

withReferenceData<ExactPosteriors>(
  "calibration/exact/exact_posteriors.json",
  "posteriors by quadrature",
  (data) => {
    withReferenceData<{ readonly y: readonly number[] }>(
      "calibration/kalman/nile.json",
      "and the Nile",
      ({ y }) => {
        describe.each(Object.entries(truthsOf(data, y)))("%s", (_, truth) => {
          test.each([1, 2])("by tempered populations, seed %i: evidence within 3 errors and 0.1", (seed) => {
            const result = sequentialMonteCarlo(truth.problem, { dice: dice(seed) });
            const { value, standardError } = result.logEvidence!;
            expect(Math.abs(value - truth.logEvidence)).toBeLessThan(Math.min(0.1, 3 * standardError!));
            checkMoments(result, truth);
          });
          test("by ensembles: moments within 4 errors", () => {
            const result = ensembleMcmc(truth.problem, { dice: dice(3) });
            expect(result.converged).toBe(true);
            checkMoments(result, truth);
          });
        });
      },
    );
  },
);

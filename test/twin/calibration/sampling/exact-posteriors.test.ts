import { laplace } from "@plumbline/twin/calibration/sampling/laplace";
import { sequentialMonteCarlo } from "@plumbline/twin/calibration/sampling/sequential-monte-carlo";
import { dice } from "@plumbline/twin/random/dice";
import { expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { type ExactPosteriors, nileVariances, rcThermal } from "../../support/exact-posteriors.ts";

withReferenceData<ExactPosteriors>(
  "calibration/exact/exact_posteriors.json",
  "a thermal twin of three unknowns",
  (data) => {
    const { exact } = data.posteriors.rc_thermal;
    test("has its mode and curvature to six digits", () => {
      const { gaussian, logEvidence } = laplace(rcThermal(data.posteriors.rc_thermal), { dice: dice(1) });
      gaussian!.mode.forEach((value, index) => {
        expect(value).toBeCloseTo(exact.map_log[index]!, 6);
        expect(Math.sqrt(gaussian!.covariance.get(index, index)) / exact.laplace_sd_log[index]!).toBeCloseTo(
          1,
          5,
        );
      });
      // Laplace is not exact here: 0.02 above the quadrature's value.
      expect(Math.abs(logEvidence!.value - exact.log_evidence)).toBeLessThan(0.03);
    });
  },
);

withReferenceData<{ readonly y: readonly number[] }>(
  "calibration/kalman/nile.json",
  "the Nile's two variances",
  ({ y }) => {
    test("have their evidence and means, by quadrature, within the sampler's own errors", () => {
      const result = sequentialMonteCarlo(nileVariances(y), { dice: dice(1), populations: 8, points: 256 });
      const { value, standardError } = result.logEvidence!;
      expect(Math.abs(value - -636.2599809362662)).toBeLessThan(Math.min(0.1, 3 * standardError!));
      const [noise, drift] = result.summaries;
      expect(Math.abs(noise!.mean - 122.0960333160765)).toBeLessThan(4 * noise!.mcse!);
      expect(Math.abs(drift!.mean - 43.884269254090356)).toBeLessThan(4 * drift!.mcse!);
    });
  },
);

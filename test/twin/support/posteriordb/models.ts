import { calibrate } from "@plumbline/twin/calibration/calibrate";
import { dice } from "@plumbline/twin/random/dice";
import { expect } from "vitest";
import { eightSchools } from "./eight-schools.ts";
import { gaussianMixture } from "./gaussian-mixture.ts";
import { gaussianProcess } from "./gaussian-process.ts";
import { lotkaVolterra } from "./lotka-volterra.ts";
import type { ModelOf, PosteriorEntry } from "./problem-set.ts";
import { autoregression, kidScore, linearRegression } from "./regressions.ts";

/** Published log-joints at the reference means. */
export const LOG_JOINTS: Readonly<Record<string, number>> = {
  "eight_schools-eight_schools_noncentered": -53.486464611048,
  "hudson_lynx_hare-lotka_volterra": -128.497587220604,
  "arK-arK": 75.505123952131,
  "gp_pois_regr-gp_regr": -31.043535957003,
  "low_dim_gauss_mix-low_dim_gauss_mix": -2104.710848484024,
  "kidiq-kidscore_momiq": -1881.670009890093,
  "sblri-blr": -153.851774563358,
};

const modelsWith = (stepsPerYear: number): Readonly<Record<string, ModelOf<never>>> => ({
  "eight_schools-eight_schools_noncentered": eightSchools,
  "hudson_lynx_hare-lotka_volterra": lotkaVolterra(stepsPerYear),
  "arK-arK": autoregression,
  "gp_pois_regr-gp_regr": gaussianProcess,
  "low_dim_gauss_mix-low_dim_gauss_mix": gaussianMixture,
  "kidiq-kidscore_momiq": kidScore,
  "sblri-blr": linearRegression,
});

export const MODELS: Readonly<Record<string, ModelOf<never>>> = modelsWith(64);
/** The ODE to 1e-4 of the log-likelihood, which is nothing to a moment. */
export const QUICK_MODELS: Readonly<Record<string, ModelOf<never>>> = modelsWith(16);

/** Samples by the default call; means within 4 combined Monte-Carlo errors, sds within 10 %, converged. */
export function expectMatch(entry: PosteriorEntry<never>, model: ModelOf<never>, seed: number): void {
  const result = calibrate(model(entry.data), { dice: dice(seed) });
  expect(result.converged, result.reason).toBe(true);
  result.summaries.forEach(({ id, mean, sd, mcse, rhat, essBulk, essTail }, index) => {
    const error = Math.hypot(mcse!, entry.ref_mcse[index]!);
    expect(Math.abs(mean - entry.ref_mean[index]!) / error, `${id}: distance of the means`).toBeLessThan(4);
    expect(Math.abs(sd / entry.ref_sd[index]! - 1), `${id}: ratio of the sds`).toBeLessThan(0.1);
    expect(rhat, `${id}: R-hat`).toBeLessThan(1.01);
    expect(Math.min(essBulk!, essTail!), `${id}: effective size`).toBeGreaterThanOrEqual(400);
  });
}

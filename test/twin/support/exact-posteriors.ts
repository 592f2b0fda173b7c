import type { DensityProblem } from "@plumbline/twin/calibration/problem/problem";
import { halfNormal } from "@plumbline/twin/probability/half-normal";
import { inverseGamma } from "@plumbline/twin/probability/inverse-gamma";
import { normal } from "@plumbline/twin/probability/normal";
import { eightSchools } from "./posteriordb/eight-schools.ts";
import { logNormalDensity } from "./posteriordb/problem-set.ts";

/** exact_posteriors.json, as far as it is used. */
export interface ExactPosteriors {
  readonly posteriors: {
    readonly eight_schools: {
      readonly y: readonly number[];
      readonly sigma: readonly number[];
      readonly exact: Readonly<
        Record<"mu_mean" | "mu_sd" | "tau_mean" | "tau_sd" | "log_evidence_half_cauchy_normalised", number>
      > & {
        readonly theta_mean: readonly number[];
        readonly theta_sd: readonly number[];
      };
    };
    readonly linreg_nig: {
      readonly x: readonly number[];
      readonly y: readonly number[];
      readonly exact: {
        readonly beta_mean: readonly number[];
        readonly beta_sd: readonly number[];
        readonly sigma2_mean: number;
        readonly sigma2_sd: number;
        readonly log_evidence: number;
      };
    };
    readonly nile_variance_posterior: {
      readonly exact: Readonly<
        Record<"sigma_eps_mean" | "sigma_eps_sd" | "sigma_eta_mean" | "sigma_eta_sd" | "log_evidence", number>
      >;
    };
    readonly rc_thermal: {
      readonly dt: number;
      readonly Ta: readonly number[];
      readonly q: readonly number[];
      readonly y: readonly number[];
      readonly exact: Readonly<
        Record<"R_mean" | "R_sd" | "C_mean" | "C_sd" | "sigma_mean" | "sigma_sd" | "log_evidence", number>
      > & {
        readonly map_log: readonly number[];
        readonly laplace_sd_log: readonly number[];
        readonly neg_log_post_at_map: number;
      };
    };
  };
}

/** Eight schools with the half-Cauchy normalised, as its evidence supposes. */
export function normalisedEightSchools(data: ExactPosteriors["posteriors"]["eight_schools"]): DensityProblem {
  const half = eightSchools(data);
  return { ...half, logPrior: (theta) => (half.logPrior?.(theta) as number) + Math.log(2) };
}

/** y ~ N(b₀ + b₁ x, s²), b | s² ~ N(0, 10 s²), s² ~ InvGamma(2, 1): the slope's prior depends on s². */
export function conjugateRegression({ x, y }: ExactPosteriors["posteriors"]["linreg_nig"]): DensityProblem {
  const variance = inverseGamma(2, 1);
  return {
    unknowns: [
      { id: "b0", prior: normal(0, 3) },
      { id: "b1", prior: normal(0, 3) },
      { id: "s2", prior: variance },
    ],
    logPrior: ([b0 = 0, b1 = 0, s2 = 0]) =>
      variance.logDensity(s2) +
      logNormalDensity(b0, 0, Math.sqrt(10 * s2)) +
      logNormalDensity(b1, 0, Math.sqrt(10 * s2)),
    samplePrior(dice, out) {
      const s2 = variance.sample(dice);
      out[0] = Math.sqrt(10 * s2) * dice.normal();
      out[1] = Math.sqrt(10 * s2) * dice.normal();
      out[2] = s2;
    },
    logLikelihood([b0 = 0, b1 = 0, s2 = 0]) {
      let sum = 0;
      x.forEach((place, index) => {
        sum += logNormalDensity(y[index] as number, b0 + b1 * place, Math.sqrt(s2));
      });
      return sum;
    },
  };
}

/** Local level with an exactly diffuse start: the first reading contributes nothing. */
export const nileVariances = (readings: readonly number[]): DensityProblem => ({
  unknowns: [
    { id: "sigma_eps", prior: halfNormal(200) },
    { id: "sigma_eta", prior: halfNormal(100) },
  ],
  logLikelihood([noise = 0, drift = 0]) {
    let level = readings[0] as number;
    let variance = noise * noise;
    let sum = 0;
    for (const reading of readings.slice(1)) {
      const ahead = variance + drift * drift;
      const total = ahead + noise * noise;
      sum += logNormalDensity(reading, level, Math.sqrt(total));
      level += (ahead / total) * (reading - level);
      variance = (ahead * noise * noise) / total;
    }
    return sum;
  },
});

/** T ← a T + (1 − a)(T_a + R q), a = e^{−Δt/(R C)}; unknowns are ln R, ln C, ln σ. */
export const rcThermal = ({ dt, Ta, q, y }: ExactPosteriors["posteriors"]["rc_thermal"]): DensityProblem => ({
  unknowns: [
    { id: "ln R", prior: normal(Math.log(0.01), 0.5) },
    { id: "ln C", prior: normal(Math.log(1e6), 0.5) },
    { id: "ln sigma", prior: normal(Math.log(0.3), 0.7) },
  ],
  logLikelihood([logR = 0, logC = 0, logSigma = 0]) {
    const resistance = Math.exp(logR);
    const decay = Math.exp(-dt / (resistance * Math.exp(logC)));
    let temperature = 18;
    let sum = 0;
    y.forEach((reading, step) => {
      temperature =
        decay * temperature + (1 - decay) * ((Ta[step] as number) + resistance * (q[step] as number));
      sum += logNormalDensity(reading, temperature, Math.exp(logSigma));
    });
    return sum;
  },
});

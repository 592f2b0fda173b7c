import { cauchy } from "@plumbline/twin/probability/cauchy";
import { flat } from "@plumbline/twin/probability/flat";
import { normal } from "@plumbline/twin/probability/normal";
import { logNormalDensity, type ModelOf, positivePart } from "./problem-set.ts";

/** y_t ~ N(α + Σ β_k y_{t−k}, σ), t > K. */
export const autoregression: ModelOf<{ readonly K: number; readonly y: readonly number[] }> = ({ K, y }) => ({
  unknowns: [
    { id: "alpha", prior: normal(0, 10) },
    ...Array.from({ length: K }, (_, lag) => ({ id: `beta[${lag + 1}]`, prior: normal(0, 10) })),
    { id: "sigma", prior: positivePart(cauchy(0, 2.5)) },
  ],
  logLikelihood(theta) {
    let sum = 0;
    for (let t = K; t < y.length; t++) {
      let mean = theta[0] as number;
      for (let lag = 1; lag <= K; lag++) mean += (theta[lag] as number) * (y[t - lag] as number);
      sum += logNormalDensity(y[t] as number, mean, theta[K + 1] as number);
    }
    return sum;
  },
});

/** kid_score ~ N(β₁ + β₂ mom_iq, σ), β flat. */
export const kidScore: ModelOf<{
  readonly kid_score: readonly number[];
  readonly mom_iq: readonly number[];
}> = (data) => ({
  unknowns: [
    { id: "beta[1]", prior: flat() },
    { id: "beta[2]", prior: flat() },
    { id: "sigma", prior: positivePart(cauchy(0, 2.5)) },
  ],
  logLikelihood([intercept = Number.NaN, slope = Number.NaN, sigma = Number.NaN]) {
    let sum = 0;
    data.kid_score.forEach((score, child) => {
      sum += logNormalDensity(score, intercept + slope * (data.mom_iq[child] as number), sigma);
    });
    return sum;
  },
});

/** y ~ N(X β, σ), β ~ N(0, 10), σ ~ N(0, 10) above 0, not doubled. */
export const linearRegression: ModelOf<{
  readonly y: readonly number[];
  readonly X: readonly (readonly number[])[];
}> = ({ y, X }) => {
  const width = X[0]?.length ?? 0;
  return {
    unknowns: [
      ...Array.from({ length: width }, (_, index) => ({ id: `beta[${index + 1}]`, prior: normal(0, 10) })),
      { id: "sigma", prior: positivePart(normal(0, 10)) },
    ],
    logLikelihood(theta) {
      let sum = 0;
      X.forEach((row, index) => {
        let mean = 0;
        for (let column = 0; column < width; column++)
          mean += (theta[column] as number) * (row[column] as number);
        sum += logNormalDensity(y[index] as number, mean, theta[width] as number);
      });
      return sum;
    },
  };
};

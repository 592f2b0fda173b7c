import { beta } from "@plumbline/twin/probability/beta";
import { normal } from "@plumbline/twin/probability/normal";
import { logNormalDensity, type ModelOf, positivePart } from "./problem-set.ts";

/** y ~ θ N(μ₁, σ₁) + (1 − θ) N(μ₂, σ₂), μ₁ < μ₂: the order is a likelihood of zero on the other side. */
export const gaussianMixture: ModelOf<{ readonly y: readonly number[] }> = ({ y }) => ({
  unknowns: [
    { id: "mu[1]", prior: normal(0, 2) },
    { id: "mu[2]", prior: normal(0, 2) },
    { id: "sigma[1]", prior: positivePart(normal(0, 2)) },
    { id: "sigma[2]", prior: positivePart(normal(0, 2)) },
    { id: "theta", prior: beta(5, 5) },
  ],
  logLikelihood([mu1 = 0, mu2 = 0, sigma1 = 0, sigma2 = 0, theta = 0]) {
    if (!(mu1 < mu2)) return Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (const reading of y) {
      const first = Math.log(theta) + logNormalDensity(reading, mu1, sigma1);
      const second = Math.log1p(-theta) + logNormalDensity(reading, mu2, sigma2);
      const larger = Math.max(first, second);
      sum += larger + Math.log1p(Math.exp(Math.min(first, second) - larger));
    }
    return sum;
  },
});

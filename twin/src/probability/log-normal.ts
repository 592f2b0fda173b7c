import { requirePositive, requireReal } from "./arguments.ts";
import type { Parametric } from "./distribution.ts";
import { normal } from "./normal.ts";

/** e^X, X ~ N(mu, sigma²): mu and sigma are those of the logarithm. */
export function logNormal(mu: number, sigma: number): Parametric {
  requireReal(mu, "mu of a log-normal distribution");
  requirePositive(sigma, "sigma of a log-normal distribution");
  const log = normal(mu, sigma);
  return {
    support: [0, Number.POSITIVE_INFINITY],
    mean: Math.exp(mu + 0.5 * sigma * sigma),
    variance: Math.expm1(sigma * sigma) * Math.exp(2 * mu + sigma * sigma),
    logDensity: (x) =>
      x <= 0 || x === Number.POSITIVE_INFINITY
        ? Number.NEGATIVE_INFINITY
        : log.logDensity(Math.log(x)) - Math.log(x),
    sample: (dice) => Math.exp(log.sample(dice)),
    cdf: (x) => (x <= 0 ? 0 : log.cdf(Math.log(x))),
    survival: (x) => (x <= 0 ? 1 : log.survival(Math.log(x))),
    quantile: (probability) => Math.exp(log.quantile(probability)),
    inverseSurvival: (probability) => Math.exp(log.inverseSurvival(probability)),
  };
}

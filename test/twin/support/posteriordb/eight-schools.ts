import { halfCauchy } from "@plumbline/twin/probability/half-cauchy";
import { normal } from "@plumbline/twin/probability/normal";
import { logCauchyDensity, logNormalDensity, type ModelOf } from "./problem-set.ts";

/** θ_j ~ N(μ, τ), y_j ~ N(θ_j, σ_j), μ ~ N(0, 5), τ ~ half-Cauchy(0, 5) not doubled; centred: a funnel in (θ, τ). */
export const eightSchools: ModelOf<{ readonly y: readonly number[]; readonly sigma: readonly number[] }> = ({
  y,
  sigma,
}) => {
  const schools = y.length;
  const tauPrior = halfCauchy(5);
  return {
    unknowns: [
      ...y.map((_, school) => ({ id: `theta[${school + 1}]`, prior: normal(0, 10) })),
      { id: "mu", prior: normal(0, 5) },
      { id: "tau", prior: tauPrior },
    ],
    logPrior(theta) {
      const mu = theta[schools] as number;
      const tau = theta[schools + 1] as number;
      let sum = logNormalDensity(mu, 0, 5) + logCauchyDensity(tau, 0, 5);
      for (let school = 0; school < schools; school++)
        sum += logNormalDensity(theta[school] as number, mu, tau);
      return sum;
    },
    samplePrior(dice, out) {
      const mu = 5 * dice.normal();
      const tau = tauPrior.sample(dice);
      for (let school = 0; school < schools; school++) out[school] = mu + tau * dice.normal();
      out[schools] = mu;
      out[schools + 1] = tau;
    },
    logLikelihood(theta) {
      let sum = 0;
      for (let school = 0; school < schools; school++)
        sum += logNormalDensity(y[school] as number, theta[school] as number, sigma[school] as number);
      return sum;
    },
  };
};

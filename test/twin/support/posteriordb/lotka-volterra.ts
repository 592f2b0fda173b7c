import { logNormal } from "@plumbline/twin/probability/log-normal";
import { normal } from "@plumbline/twin/probability/normal";
import { logLogNormalDensity, type ModelOf, positivePart } from "./problem-set.ts";

/**
 * Hare and lynx: u' = (θ₁ − θ₂ v) u, v' = (−θ₃ + θ₄ u) v from z(0); readings log-normal about the solution.
 * In logarithms, by Runge–Kutta 4 with a fixed step: the last digits of the log-likelihood need 1/64 year, moments 1/16.
 */
export const lotkaVolterra =
  (
    stepsPerYear: number,
  ): ModelOf<{
    readonly ts: readonly number[];
    readonly y_init: readonly number[];
    readonly y: readonly (readonly number[])[];
  }> =>
  ({ y_init, y }) => ({
    unknowns: [
      { id: "theta[1]", prior: positivePart(normal(1, 0.5)) },
      { id: "theta[2]", prior: positivePart(normal(0.05, 0.05)) },
      { id: "theta[3]", prior: positivePart(normal(1, 0.5)) },
      { id: "theta[4]", prior: positivePart(normal(0.05, 0.05)) },
      { id: "z_init[1]", prior: logNormal(Math.log(10), 1) },
      { id: "z_init[2]", prior: logNormal(Math.log(10), 1) },
      { id: "sigma[1]", prior: logNormal(-1, 1) },
      { id: "sigma[2]", prior: logNormal(-1, 1) },
    ],
    logLikelihood([birth = 0, eaten = 0, death = 0, gain = 0, hare = 0, lynx = 0, hareSd = 0, lynxSd = 0]) {
      let u = Math.log(hare);
      let v = Math.log(lynx);
      let sum =
        logLogNormalDensity(y_init[0] as number, u, hareSd) +
        logLogNormalDensity(y_init[1] as number, v, lynxSd);
      const h = 1 / stepsPerYear;
      for (const [hares, lynxes] of y as readonly (readonly [number, number])[]) {
        for (let step = 0; step < stepsPerYear; step++) {
          const k1u = birth - eaten * Math.exp(v);
          const k1v = gain * Math.exp(u) - death;
          const k2u = birth - eaten * Math.exp(v + (h / 2) * k1v);
          const k2v = gain * Math.exp(u + (h / 2) * k1u) - death;
          const k3u = birth - eaten * Math.exp(v + (h / 2) * k2v);
          const k3v = gain * Math.exp(u + (h / 2) * k2u) - death;
          const k4u = birth - eaten * Math.exp(v + h * k3v);
          const k4v = gain * Math.exp(u + h * k3u) - death;
          u += (h / 6) * (k1u + 2 * k2u + 2 * k3u + k4u);
          v += (h / 6) * (k1v + 2 * k2v + 2 * k3v + k4v);
        }
        sum += logLogNormalDensity(hares, u, hareSd) + logLogNormalDensity(lynxes, v, lynxSd);
      }
      return sum;
    },
  });

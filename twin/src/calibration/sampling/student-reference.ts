import { cholesky, logDeterminant } from "../../linear-algebra/cholesky.ts";
import { entry, Matrix, timesVector } from "../../linear-algebra/matrix.ts";
import { solveLower } from "../../linear-algebra/triangular.ts";
import { logGamma } from "../../probability/gamma-function.ts";
import type { Reference } from "./population.ts";

/** Where a posterior lies, over unbounded coordinates. */
export interface Region {
  readonly centre: Float64Array;
  readonly covariance: Matrix;
}

/** Degrees of freedom: tails that a posterior's rarely exceed. */
const FREEDOM = 4;
/** The usual spread, in posterior standard deviations: over-dispersed, and tempered away. */
export const SPREAD = 2;

/** Multivariate Student-t about a region's centre, with spread² × covariance as its scale matrix. */
export function studentReference({ centre, covariance }: Region, spread: number): Reference {
  const size = centre.length;
  const factor = cholesky(covariance);
  const constant =
    logGamma((FREEDOM + size) / 2) -
    logGamma(FREEDOM / 2) -
    (size / 2) * Math.log(FREEDOM * Math.PI) -
    size * Math.log(spread) -
    logDeterminant(factor) / 2;
  return {
    sample(dice, out) {
      const noise = Float64Array.from(centre, () => dice.normal());
      let squares = 0;
      for (let count = 0; count < FREEDOM; count++) squares += dice.normal() ** 2;
      const scale = spread / Math.sqrt(squares / FREEDOM);
      timesVector(factor, noise).forEach((value, index) => {
        out[index] = entry(centre, index) + scale * value;
      });
    },
    logDensity(z) {
      const deviation = new Matrix(
        size,
        1,
        z.map((value, index) => (value - entry(centre, index)) / spread),
      );
      const squared = solveLower(factor, deviation).data.reduce((sum, value) => sum + value * value, 0);
      return constant - ((FREEDOM + size) / 2) * Math.log1p(squared / FREEDOM);
    },
  };
}

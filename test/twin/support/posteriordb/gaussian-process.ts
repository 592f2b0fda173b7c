import { cholesky, logDeterminant } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { solveLower } from "@plumbline/twin/linear-algebra/triangular";
import { gamma } from "@plumbline/twin/probability/gamma";
import { normal } from "@plumbline/twin/probability/normal";
import { type ModelOf, positivePart } from "./problem-set.ts";

/** y ~ N(0, α² e^{−(x − x')²/(2ρ²)} + σ I): σ is a variance here. */
export const gaussianProcess: ModelOf<{ readonly x: readonly number[]; readonly y: readonly number[] }> = ({
  x,
  y,
}) => ({
  unknowns: [
    { id: "rho", prior: gamma(25, 4) },
    { id: "alpha", prior: positivePart(normal(0, 2)) },
    { id: "sigma", prior: positivePart(normal(0, 1)) },
  ],
  logLikelihood([rho = Number.NaN, alpha = Number.NaN, sigma = Number.NaN]) {
    const covariance = new Matrix(x.length, x.length);
    x.forEach((left, row) => {
      x.forEach((right, column) => {
        const distance = (left - right) / rho;
        covariance.set(
          row,
          column,
          alpha * alpha * Math.exp(-0.5 * distance * distance) + (row === column ? sigma : 0),
        );
      });
    });
    const factor = cholesky(covariance);
    const white = solveLower(factor, new Matrix(y.length, 1, Float64Array.from(y)));
    const squares = white.data.reduce((sum, value) => sum + value * value, 0);
    return -0.5 * (squares + logDeterminant(factor) + y.length * Math.log(2 * Math.PI));
  },
});

import {
  CUBATURE,
  momentsOf,
  type SigmaRule,
  sigmaPoints,
} from "@plumbline/twin/estimation/unscented-transform";
import { Matrix, multiply, plus, symmetrise } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { type Random, seeded } from "../../support/random.ts";

const RULES: readonly [string, SigmaRule][] = [
  ["cubature", CUBATURE],
  ["α = 1, β = 2", { alpha: 1, beta: 2, kappa: 0 }],
  ["α = 0.5, β = 2, κ = 1", { alpha: 0.5, beta: 2, kappa: 1 }],
  ["α = 0.1, β = 2", { alpha: 0.1, beta: 2, kappa: 0 }],
];
const random = (rows: number, columns: number, dice: Random): Matrix =>
  new Matrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => dice.normal()),
  );
const positive = (size: number, dice: Random): Matrix => {
  const factor = random(size, size, dice);
  return symmetrise(plus(multiply(factor, factor.transpose()), Matrix.identity(size), 0.1));
};
const difference = (left: ArrayLike<number>, right: ArrayLike<number>): number =>
  Math.max(...Array.from(left, (value, index) => Math.abs(value - right[index]!)));

describe("the unscented transform", () => {
  test.each(RULES)("with %s gives back the mean and covariance it was drawn from", (_name, rule) => {
    const dice = seeded(35);
    for (const size of [1, 3, 9]) {
      const covariance = positive(size, dice);
      const centre = Float64Array.from({ length: size }, () => dice.normal());
      const sigma = sigmaPoints(centre, covariance, rule);
      const moments = momentsOf(sigma, centre, sigma.points);
      expect(difference(moments.mean, centre)).toBeLessThan(1e-11);
      expect(difference(moments.covariance.data, covariance.data)).toBeLessThan(1e-10);
      expect(difference(moments.cross.data, covariance.data)).toBeLessThan(1e-10);
    }
  });

  test("has 2n points when the centre has no weight, else 2n + 1", () => {
    expect(sigmaPoints(new Float64Array(9), Matrix.identity(9), CUBATURE).points.rows).toBe(18);
    expect(sigmaPoints(new Float64Array(9), Matrix.identity(9), RULES[1]![1]).points.rows).toBe(19);
  });

  test("has the exact mean of a quadratic, which a linearisation does not", () => {
    const covariance = Matrix.from([
      [0.5, 0.2],
      [0.2, 0.8],
    ]);
    const centre = Float64Array.of(1, -2);
    const sigma = sigmaPoints(centre, covariance, CUBATURE);
    const images = new Matrix(
      sigma.points.rows,
      1,
      Float64Array.from(
        { length: sigma.points.rows },
        (_, row) => sigma.points.get(row, 0) * sigma.points.get(row, 1),
      ),
    );
    expect(momentsOf(sigma, centre, images).mean[0]).toBeCloseTo(1 * -2 + 0.2, 13);
  });
});

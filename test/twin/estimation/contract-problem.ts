import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import type { Filter } from "@plumbline/twin/estimation/nonlinear/filter";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { symmetricEigen } from "@plumbline/twin/linear-algebra/symmetric-eigen";
import { expect } from "vitest";
import { seeded } from "../../support/random.ts";
import { type LinearModel, systemOf } from "./reference-kalman.ts";

export const NAN = Number.NaN;

/** A body pushed at random and seen in position and in a mixture; correlated noise. */
export const MODEL: LinearModel = {
  transition: (from, to) =>
    Matrix.from([
      [1, to - from],
      [0, 1],
    ]),
  processNoise: (from, to) => {
    const elapsed = to - from;
    return Matrix.from([
      [elapsed ** 3 / 3 + 0.1 * elapsed, elapsed ** 2 / 2],
      [elapsed ** 2 / 2, elapsed],
    ]);
  },
  observation: Matrix.from([
    [1, 0],
    [0.5, -1],
  ]),
  observationNoise: Matrix.from([
    [0.5, 0.1],
    [0.1, 0.8],
  ]),
};

export const START: Start = {
  at: 1,
  mean: Float64Array.of(1, -2),
  covariance: Matrix.from([
    [2, 0.3],
    [0.3, 1],
  ]),
};

export const SYSTEM: StochasticSystem = systemOf(MODEL);

/** Times 1.2 … and readings near the truth of MODEL; every third row partial, every seventh missing. */
export function series(length: number, seed: number): { times: number[]; readings: number[][] } {
  const dice = seeded(seed);
  const times: number[] = [];
  const readings: number[][] = [];
  let at = START.at;
  for (let step = 0; step < length; step++) {
    at += 0.05 + dice.uniform();
    times.push(at);
    const position = 1 - 2 * (at - START.at);
    const row = [position + dice.normal(), 0.5 * position + 2 + dice.normal()];
    if (step % 3 === 1) row[step % 2] = NAN;
    readings.push(step % 7 === 4 ? [NAN, NAN] : row);
  }
  return { times, readings };
}

export function expectNear(
  filter: Filter,
  exact: { mean: Float64Array; covariance: Matrix },
  tolerance: number,
  when: string,
): void {
  const mean = filter.mean();
  const covariance = filter.covariance();
  const sds = exact.covariance.diagonal().map(Math.sqrt);
  for (const [row, sd] of sds.entries()) {
    expect(Math.abs(mean[row]! - exact.mean[row]!) / sd, `mean ${row} ${when}`).toBeLessThan(tolerance);
    for (const [column, other] of sds.entries())
      expect(
        Math.abs(covariance.get(row, column) - exact.covariance.get(row, column)) / (sd * other),
        `covariance ${row}, ${column} ${when}`,
      ).toBeLessThan(tolerance);
  }
}

export function expectProper(covariance: Matrix, when: string): void {
  const largest = Math.max(...covariance.diagonal());
  for (let row = 0; row < covariance.rows; row++)
    for (let column = 0; column < row; column++)
      expect(covariance.get(row, column), `symmetry ${when}`).toBe(covariance.get(column, row));
  const { values } = symmetricEigen(covariance);
  expect(Math.min(...values), `smallest eigenvalue ${when}`).toBeGreaterThanOrEqual(-1e-14 * largest);
}

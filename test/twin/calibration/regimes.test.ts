import { addBias, confine, leadingSigmaPoints, lineariseMargin } from "@plumbline/twin/calibration/regimes";
import { collapse, type Gaussian, restrict } from "@plumbline/twin/estimation/gaussian";
import { condition } from "@plumbline/twin/estimation/gaussian-filter";
import { CUBATURE, momentsOf } from "@plumbline/twin/estimation/unscented-transform";
import { Matrix, multiply, plus, symmetrise, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { standardNormalCdf } from "@plumbline/twin/probability/normal";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { ReferenceKalman } from "../estimation/reference-kalman.ts";

const dice = seeded(93);
const randomGaussian = (size: number): Gaussian => {
  const factor = new Matrix(
    size,
    size,
    Float64Array.from({ length: size * size }, () => dice.normal()),
  );
  return {
    mean: Float64Array.from({ length: size }, () => dice.normal()),
    covariance: symmetrise(plus(multiply(factor, factor.transpose()), Matrix.identity(size), 0.2)),
  };
};
const difference = (left: ArrayLike<number>, right: ArrayLike<number>): number =>
  Math.max(...Array.from(left, (value, index) => Math.abs(value - right[index]!)));
const negated = (vector: Float64Array): Float64Array => vector.map((value) => -value);

/** Moments of N(m, P) in two dimensions where aᵀx + c > 0, by a fine grid. */
function integrated(
  { mean, covariance }: Gaussian,
  direction: Float64Array,
  offset: number,
): { mean: number[]; covariance: number[] } {
  const [p, q, r] = [covariance.get(0, 0), covariance.get(0, 1), covariance.get(1, 1)];
  const determinant = p * r - q * q;
  const [cells, reach] = [1_200, 7];
  let mass = 0;
  const first = [0, 0];
  const second = [0, 0, 0];
  for (let i = 0; i < cells; i++) {
    const x = reach * Math.sqrt(p) * ((2 * (i + 0.5)) / cells - 1);
    for (let j = 0; j < cells; j++) {
      const y = reach * Math.sqrt(r) * ((2 * (j + 0.5)) / cells - 1);
      if (direction[0]! * (x + mean[0]!) + direction[1]! * (y + mean[1]!) + offset <= 0) continue;
      const weight = Math.exp((-0.5 * (r * x * x - 2 * q * x * y + p * y * y)) / determinant);
      mass += weight;
      first[0]! += weight * x;
      first[1]! += weight * y;
      second[0]! += weight * x * x;
      second[1]! += weight * x * y;
      second[2]! += weight * y * y;
    }
  }
  const [mx, my] = [first[0]! / mass, first[1]! / mass];
  return {
    mean: [mx + mean[0]!, my + mean[1]!],
    covariance: [second[0]! / mass - mx * mx, second[1]! / mass - mx * my, second[2]! / mass - my * my],
  };
}

describe("a Gaussian confined to a half-space", () => {
  test.each([0, -1.5, 2])("has the moments that numerical integration gives, offset %d", (offset) => {
    const gaussian = randomGaussian(2);
    const direction = Float64Array.of(1, -0.7);
    const exact = integrated(gaussian, direction, offset);
    const found = restrict(gaussian, direction, offset);
    expect(difference(found.mean, exact.mean)).toBeLessThan(5e-3);
    expect(
      difference(
        [found.covariance.get(0, 0), found.covariance.get(0, 1), found.covariance.get(1, 1)],
        exact.covariance,
      ),
    ).toBeLessThan(1e-2);
    expect(found.covariance.get(0, 1)).toBeCloseTo(found.covariance.get(1, 0), 12);
  });

  test("and to the other half, weighed by their chances, is the Gaussian it was", () => {
    const gaussian = randomGaussian(5);
    const direction = Float64Array.from({ length: 5 }, () => dice.normal());
    const updated = { gaussian, logWeight: -3, nis: 1, size: 1 };
    const above = confine(updated, [{ direction, offset: 0.4 }]);
    const below = confine(updated, [{ direction: negated(direction), offset: -0.4 }]);
    const [up, down] = [Math.exp(above.logWeight + 3), Math.exp(below.logWeight + 3)];
    expect(up + down).toBeCloseTo(1, 6);
    const merged = collapse([
      { weight: up, gaussian: above.gaussian },
      { weight: down, gaussian: below.gaussian },
    ]);
    expect(difference(merged.mean, gaussian.mean)).toBeLessThan(1e-5);
    expect(difference(merged.covariance.data, gaussian.covariance.data)).toBeLessThan(1e-4);
  });

  test("is charged the chance of lying there", () => {
    const gaussian: Gaussian = { mean: Float64Array.of(1), covariance: Matrix.diagonal([4]) };
    const { logWeight } = confine({ gaussian, logWeight: 0, nis: 0, size: 1 }, [
      { direction: Float64Array.of(1), offset: 2 },
    ]);
    expect(Math.exp(logWeight)).toBeCloseTo(standardNormalCdf(-(-1.5)), 7);
  });
});

describe("a mixture collapsed", () => {
  test("has the mixture's mean and covariance", () => {
    const parts = [
      { weight: 0.3, gaussian: { mean: Float64Array.of(0, 1), covariance: Matrix.diagonal([1, 2]) } },
      { weight: 0.7, gaussian: { mean: Float64Array.of(4, 1), covariance: Matrix.diagonal([3, 1]) } },
    ];
    const { mean, covariance } = collapse(parts);
    expect(mean[0]).toBeCloseTo(2.8, 14);
    expect(covariance.get(0, 0)).toBeCloseTo(0.3 * (1 + 2.8 ** 2) + 0.7 * (3 + 1.2 ** 2), 13);
    expect([covariance.get(0, 1), covariance.get(1, 1)]).toEqual([0, expect.closeTo(1.3, 13)]);
  });
  test("of one part is that part, and of none is an error", () => {
    const only = randomGaussian(2);
    expect(collapse([{ weight: 1, gaussian: only }])).toBe(only);
    expect(() => collapse([])).toThrow(RangeError);
  });
});

describe("a margin along sigma points", () => {
  test("that is linear is found exactly", () => {
    const prior = randomGaussian(6);
    const sigma = leadingSigmaPoints(prior, 4, CUBATURE);
    const gradient = Float64Array.of(0.5, -1, 2, 0.1);
    const margins = Float64Array.from(
      { length: sigma.points.rows },
      (_, row) => 0.7 + gradient.reduce((sum, slope, index) => sum + slope * sigma.points.get(row, index), 0),
    );
    const { direction, offset } = lineariseMargin(sigma, prior, margins);
    expect(difference(direction, [...gradient, 0, 0])).toBeLessThan(1e-12);
    expect(offset).toBeCloseTo(0.7, 12);
  });
});

describe("readings with biases", () => {
  test("are foretold as by the Kalman filter of the joint state, when the model is linear", () => {
    const [size, signals] = [3, 4];
    const prior = randomGaussian(size + signals);
    const h = new Matrix(
      signals,
      size,
      Float64Array.from({ length: signals * size }, () => dice.normal()),
    );
    const seen = [0, 2, 3];
    const sigma = leadingSigmaPoints(prior, size, CUBATURE);
    const images = new Matrix(sigma.points.rows, seen.length);
    for (let row = 0; row < images.rows; row++) {
      const y = timesVector(h, sigma.points.data.subarray(row * size, (row + 1) * size));
      for (const [column, signal] of seen.entries()) images.set(row, column, y[signal]!);
    }
    const prediction = addBias(prior, size, momentsOf(sigma, prior.mean.slice(0, size), images), seen);
    const joint = new Matrix(seen.length, size + signals);
    for (const [row, signal] of seen.entries()) {
      for (let column = 0; column < size; column++) joint.set(row, column, h.get(signal, column));
      joint.set(row, size + signal, 1);
    }
    const sds = Float64Array.of(0.1, 0.5, 1);
    const reading = Float64Array.of(1, -2, 0.3);
    const exact = new ReferenceKalman(
      {
        transition: () => Matrix.identity(size + signals),
        processNoise: () => new Matrix(size + signals, size + signals),
        observation: joint,
        observationNoise: Matrix.diagonal(sds.map((sd) => sd ** 2)),
      },
      { at: 0, ...prior },
    );
    const said = exact.update(reading);
    const found = condition(prior, prediction, sds, reading);
    expect(difference(found.gaussian.mean, exact.mean)).toBeLessThan(1e-11);
    expect(difference(found.gaussian.covariance.data, exact.covariance.data)).toBeLessThan(1e-11);
    expect(found.logWeight - 1.5 * Math.log(2 * Math.PI)).toBeCloseTo(said.logLikelihood, 10);
    expect(found.nis).toBeCloseTo(said.nis, 10);
  });
});

import {
  ABOVE_SCALE,
  AT,
  BELOW_SCALE,
  conditionCensored,
} from "@plumbline/twin/calibration/evidence/censoring";
import { evidenceRows } from "@plumbline/twin/calibration/rows";
import { webLine } from "@plumbline/twin/definition/web-line";
import { condition } from "@plumbline/twin/estimation/gaussian-filter";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { newAssimilator } from "../../support/calibrated.ts";
import {
  asReadings,
  drags,
  outputsOf,
  parameterIndex,
  SIGNALS,
  START,
} from "../../support/web-line-truth.ts";

const prior = {
  mean: Float64Array.of(0.4, -0.2),
  covariance: Matrix.from([
    [1.2, 0.5],
    [0.5, 0.9],
  ]),
};
/** y₁ = x₁, y₂ = x₁ + x₂. */
const prediction = {
  mean: Float64Array.of(0.4, 0.2),
  covariance: Matrix.from([
    [1.2, 1.7],
    [1.7, 3.1],
  ]),
  cross: Matrix.from([
    [1.2, 1.7],
    [0.5, 1.4],
  ]),
};
const noise = Float64Array.of(0.5, 0.8);

/** Φ by its series: none of the product's own functions. */
function cdf(z: number): number {
  let [sum, term] = [0, z];
  for (let n = 1; Math.abs(term) > 1e-18; n++) {
    sum += term;
    term *= (z * z) / (2 * n + 1);
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Posterior mean, covariance and evidence by a grid over x. */
function byGrid(likelihood: (x1: number, x2: number) => number) {
  const determinant = 1.2 * 0.9 - 0.25;
  const sums = [0, 0, 0, 0, 0, 0];
  const step = 0.02;
  for (let a = -7; a < 7; a += step) {
    for (let b = -7; b < 7; b += step) {
      const density = Math.exp((-0.5 * (0.9 * a * a - a * b + 1.2 * b * b)) / determinant);
      const weight = density * likelihood(a + 0.4, b - 0.2);
      for (const [index, value] of [1, a, b, a * a, a * b, b * b].entries()) sums[index]! += weight * value;
    }
  }
  const [mass, a, b, aa, ab, bb] = sums as [number, number, number, number, number, number];
  return {
    mean: [a / mass + 0.4, b / mass - 0.2],
    covariance: [aa / mass - (a / mass) ** 2, ab / mass - (a * b) / mass ** 2, bb / mass - (b / mass) ** 2],
    evidence: (mass * step * step) / (2 * Math.PI * Math.sqrt(determinant)),
  };
}
const agree = (
  found: ReturnType<typeof conditionCensored>["gaussian"],
  exact: ReturnType<typeof byGrid>,
): void => {
  for (const row of [0, 1]) expect(found.mean[row]).toBeCloseTo(exact.mean[row]!, 5);
  expect(found.covariance.get(0, 0)).toBeCloseTo(exact.covariance[0]!, 5);
  expect(found.covariance.get(0, 1)).toBeCloseTo(exact.covariance[1]!, 5);
  expect(found.covariance.get(1, 1)).toBeCloseTo(exact.covariance[2]!, 5);
};

describe("a saturated reading", () => {
  test("alone gives the exact moments of the half-line, and its probability", () => {
    const one = {
      mean: prediction.mean.slice(1),
      covariance: Matrix.from([[3.1]]),
      cross: Matrix.from([[1.7], [1.4]]),
    };
    for (const [side, limit] of [
      [ABOVE_SCALE, 1.5],
      [BELOW_SCALE, -0.3],
    ] as const) {
      const { gaussian, logWeight, nis, size } = conditionCensored(
        prior,
        one,
        noise.slice(1),
        Float64Array.of(limit),
        Int8Array.of(side),
      );
      const exact = byGrid((a, b) => cdf((side * (a + b - limit)) / 0.8));
      agree(gaussian, exact);
      expect(Math.exp(logWeight)).toBeCloseTo(exact.evidence, 5);
      expect([nis, size]).toEqual([0, 0]);
    }
  });

  test("beside an exact one gives the exact moments too", () => {
    const reading = Float64Array.of(1.1, 1.5);
    const { gaussian, size } = conditionCensored(
      prior,
      prediction,
      noise,
      reading,
      Int8Array.of(AT, ABOVE_SCALE),
    );
    agree(
      gaussian,
      byGrid((a, b) => Math.exp(-0.5 * ((1.1 - a) / 0.5) ** 2) * cdf((a + b - 1.5) / 0.8)),
    );
    expect(size).toBe(1);
  });

  test("without any is the plain rule, to the bit", () => {
    const reading = Float64Array.of(1.1, 1.5);
    expect(conditionCensored(prior, prediction, noise, reading, Int8Array.of(AT, AT))).toEqual(
      condition(prior, prediction, noise, reading),
    );
  });
});

describe("a tension sensor whose scale ends at 120 N", () => {
  const saturating = {
    ...webLine,
    signals: webLine.signals.map((signal) =>
      signal.id === "s4" ? { ...signal, scale: [0, 120] as const } : signal,
    ),
  };
  const onlyS4 = (b3: number) => {
    const assimilator = newAssimilator(saturating);
    const truth = outputsOf(drags({ b3 }));
    for (let row = 0; row < 60; row++) {
      const values = SIGNALS.map((id, index) => (id === "s4" ? Math.min(truth[index]!, 120) : truth[index]!));
      const readings = asReadings(START + row * 1_296_648, values);
      const { rows } = evidenceRows(
        saturating,
        readings.filter(({ signal }) => ["s1", "s2", "s3", "s4", "w1"].includes(signal)),
      );
      assimilator.assimilate(rows[0]!);
    }
    return assimilator.posterior().parameters[parameterIndex("b3")]!;
  };

  test("does not pull the drag to the end of its scale: what it cannot tell stays open above", () => {
    // The scale's end is b3 = 0.05: a reading of 126 N taken for it would say 0.05 ± 0.001 after a day.
    const { interval90, mean } = onlyS4(0.065);
    expect(mean).toBeGreaterThan(0.055);
    expect(interval90[1]).toBeGreaterThan(0.065);
  });

  test("reads as ever below it", () => expect(onlyS4(0.02).mean).toBeCloseTo(0.02, 2));
});

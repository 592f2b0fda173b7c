import { averageBounds, consistency, normalisedErrorSquared } from "@plumbline/twin/diagnostics/consistency";
import { randomisedRank, rankHistogram, spreadSkill } from "@plumbline/twin/diagnostics/ensemble-consistency";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { binomialBand } from "@plumbline/twin/probability/binomial";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

describe("bounds of a mean normalised square, to the printed digits", () => {
  test.each([
    [1, 50, 0.95, 0.647, 1.428],
    [1, 50, 0.99, 0.56, 1.59],
    [1, 100, 0.95, 0.742, 1.296],
    [1, 200, 0.99, 0.761, 1.276],
    [1, 1000, 0.95, 0.914, 1.09],
    [2, 50, 0.95, 1.484, 2.591],
    [2, 100, 0.99, 1.522, 2.553],
    [2, 1000, 0.99, 1.841, 2.167],
    [4, 50, 0.95, 3.255, 4.821],
    [4, 200, 0.99, 3.504, 4.534],
    [9, 50, 0.99, 7.53, 10.621],
    [9, 100, 0.95, 8.188, 9.85],
    [9, 1000, 0.95, 8.739, 9.265],
  ])("n = %d, N = %d, %d", (freedom, count, level, low, high) => {
    const bounds = averageBounds(freedom, count, level);
    expect(Math.abs(bounds[0] - low)).toBeLessThan(5.1e-4);
    expect(Math.abs(bounds[1] - high)).toBeLessThan(5.1e-4);
  });
});

describe("99 % bands of an observed share, to the printed digits", () => {
  test.each([
    [0.5, 200, 0.41, 0.59],
    [0.5, 500, 0.442, 0.558],
    [0.5, 1000, 0.459, 0.541],
    [0.8, 200, 0.725, 0.87],
    [0.8, 500, 0.752, 0.844],
    [0.8, 1000, 0.767, 0.832],
    [0.9, 200, 0.84, 0.95],
    [0.9, 500, 0.864, 0.932],
    [0.9, 1000, 0.875, 0.924],
    [0.95, 200, 0.905, 0.985],
    [0.95, 500, 0.924, 0.974],
    [0.95, 1000, 0.931, 0.967],
  ])("%d of %d", (share, trials, low, high) => {
    const [least, most] = binomialBand(trials, share);
    expect(least / trials).toBe(low);
    expect(most / trials).toBe(high);
  });

  test("counts per bin of simulation-based calibration", () => {
    expect(binomialBand(500, 1 / 20)).toEqual([13, 38]);
    expect(binomialBand(1000, 1 / 20)).toEqual([33, 69]);
    expect(binomialBand(1000, 1 / 50)).toEqual([10, 32]);
  });

  test("hold what they promise when summed outright", () => {
    // Bin(20, 0.9), by its 21 probabilities.
    const probabilities = [1];
    for (let trial = 0; trial < 20; trial++) {
      probabilities.push(0);
      for (let k = trial + 1; k >= 0; k--)
        probabilities[k] = 0.1 * probabilities[k]! + (k > 0 ? 0.9 * probabilities[k - 1]! : 0);
    }
    const [low, high] = binomialBand(20, 0.9);
    const sum = (from: number, to: number) => probabilities.slice(from, to).reduce((a, b) => a + b, 0);
    expect(sum(0, low)).toBeLessThan(0.005);
    expect(sum(0, low + 1)).toBeGreaterThanOrEqual(0.005);
    expect(sum(high + 1, 21)).toBeLessThanOrEqual(0.005);
    expect([low, high]).toEqual([14, 20]);
  });

  test("of nothing or of certainties are what they must be", () => {
    expect(binomialBand(0, 0.5)).toEqual([0, 0]);
    expect(binomialBand(10, 0)).toEqual([0, 0]);
    expect(binomialBand(10, 1)).toEqual([10, 10]);
    expect(refusal(() => binomialBand(10, Number.NaN)).code).toBe("BAD_BAND");
    expect(refusal(() => binomialBand(2.5, 0.5)).code).toBe("BAD_BAND");
  });
});

describe("consistency of a filter", () => {
  const squares = (count: number, scale: number, seed: string): Float64Array => {
    const roll = dice(seed);
    return Float64Array.from({ length: count }, () => scale * (roll.normal() ** 2 + roll.normal() ** 2));
  };

  test("is told of squares that are χ², with the bounds of the summed dimension", () => {
    const report = consistency(squares(1000, 1, "quiet"), 2);
    expect(report.verdict).toBe("consistent");
    expect(report.freedom).toBe(2000);
    expect(report.bounds.map((bound) => Math.round(2000 * bound) / 1000)).toEqual([1.878, 2.126]);
    expect(report.tail.inside).toBe(true);
  });

  // Bin(1000, 0.05) has sd 6.9; 99.9 % within 3.3 sd.
  test("says so of 95 % of right filters: a band is a quantile with coverage, not the extremes of some samples", () => {
    let inside = 0;
    for (let run = 0; run < 1000; run++)
      if (consistency(squares(50, 1, `run ${run}`), 2).verdict === "consistent") inside++;
    expect(Math.abs(inside - 950)).toBeLessThan(23);
  });

  test("names over- and under-confidence of a quarter in the variance", () => {
    const bold = consistency(squares(4000, 1.25, "bold"), 2);
    expect(bold.verdict).toBe("over-confident");
    expect(bold.p).toBeLessThan(1e-4);
    expect(bold.tail.inside).toBe(false);
    expect(consistency(squares(1000, 0.8, "shy"), 2).verdict).toBe("under-confident");
  });

  test("sees a heavy tail that the mean hides", () => {
    const roll = dice("tail");
    // One in fifty is a tenfold error; the rest is shrunk so that the mean is 1.
    const values = Float64Array.from(
      { length: 2000 },
      (_, i) => (i % 50 === 0 ? 100 : 1) * roll.normal() ** 2,
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const report = consistency(
      values.map((value) => value / mean),
      1,
      { gate: 0.9999 },
    );
    expect(report.verdict).toBe("consistent");
    expect(report.tail.inside).toBe(false);
    expect(report.tail.share).toBeGreaterThan(10 * report.tail.expected);
  });

  test("counts what was seen: missing values and partial rows", () => {
    const report = consistency([1, Number.NaN, 2, 0], [1, 1, 2, 0]);
    expect(report.count).toBe(2);
    expect(report.freedom).toBe(3);
    expect(report.ratio).toBe(1);
  });

  test("refuses what is no square", () => {
    expect(refusal(() => consistency([1, -1], 1)).code).toBe("BAD_NIS");
    expect(refusal(() => consistency([Number.POSITIVE_INFINITY], 1)).code).toBe("BAD_NIS");
    expect(refusal(() => consistency([1], 1.5)).code).toBe("BAD_NIS");
    expect(refusal(() => consistency([Number.NaN], 1)).code).toBe("NO_VALUES");
    expect(refusal(() => consistency([], 1)).code).toBe("NO_VALUES");
    expect(refusal(() => consistency([1, 2], [1])).code).toBe("BAD_SHAPE");
    expect(refusal(() => averageBounds(1, 0)).code).toBe("BAD_BAND");
  });

  test("a normalised square is eᵀ C⁻¹ e", () => {
    const covariance = Matrix.from([
      [2, 1],
      [1, 2],
    ]);
    expect(normalisedErrorSquared([1, 1], covariance)).toBeCloseTo(2 / 3, 14);
    expect(refusal(() => normalisedErrorSquared([1], covariance)).code).toBe("BAD_SHAPE");
  });
});

describe("ensembles against truths", () => {
  const ensembles = (spread: number, shift = 0): { members: Matrix; truths: Float64Array } => {
    const roll = dice("ensembles");
    const members = new Matrix(2000, 9);
    const truths = new Float64Array(2000);
    for (let row = 0; row < 2000; row++) {
      const centre = 10 * roll.normal();
      truths[row] = centre + roll.normal();
      for (let column = 0; column < 9; column++)
        members.set(row, column, centre + shift + spread * roll.normal());
    }
    return { members, truths };
  };

  // ratio² is a quotient of means of 2,000 values: relative sds √(2/(2000·8)) and √(2/2000), so 0.034; of the ratio half: 0.017.
  test("have spread = error when exchangeable, for nine members too", () => {
    const { members, truths } = ensembles(1);
    expect(Math.abs(spreadSkill(members, truths).ratio - 1)).toBeLessThan(3 * 0.017);
    expect(spreadSkill(ensembles(0.5).members, truths).ratio).toBeLessThan(0.7);
  });

  test("have flat ranks when exchangeable, and not when narrow or biased", () => {
    const p = (spread: number, shift = 0): number => {
      const { members, truths } = ensembles(spread, shift);
      return rankHistogram(members, truths, dice("ties")).test.p;
    };
    expect(p(1)).toBeGreaterThan(0.01);
    expect(p(0.7)).toBeLessThan(1e-6);
    expect(p(1, 0.3)).toBeLessThan(1e-6);
  });

  test("settle ties by the dice: equal values leave ranks uniform", () => {
    const roll = dice("rank");
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) counts[randomisedRank([5, 5, 5], 5, roll)]!++;
    // Bin(4000, ¼): sd 27; 4 sd.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(110);
    expect(randomisedRank([1, 2, 3], 2.5, roll)).toBe(2);
  });

  test("are refused when they do not fit", () => {
    expect(refusal(() => spreadSkill(new Matrix(2, 3), [1])).code).toBe("BAD_SHAPE");
    expect(refusal(() => spreadSkill(new Matrix(1, 1), [1])).code).toBe("BAD_FORECAST");
    expect(refusal(() => rankHistogram(new Matrix(1, 2), [Number.NaN], dice(1))).code).toBe("BAD_FORECAST");
  });
});

import { observed } from "@plumbline/twin/estimation/linear/components/component";
import { localLinearTrend } from "@plumbline/twin/estimation/linear/components/local-linear-trend";
import { matern } from "@plumbline/twin/estimation/linear/components/matern";
import { type Hold, stochasticLinear } from "@plumbline/twin/estimation/linear/components/stochastic-linear";
import { kalmanFilter } from "@plumbline/twin/estimation/linear/filter";
import { expect, test } from "vitest";
import { relativeError } from "../dense.ts";

const TIMES = [0.5, 0.6, 2, 2.01, 7];
const VALUES = [1, 2, 0, -1, 1];

test("a trend and a Matérn process, written as differential equations, are themselves", () => {
  const rate = Math.sqrt(3) / 2;
  const pairs = [
    [
      stochasticLinear({
        dynamics: [
          [0, 1],
          [0, 0],
        ],
        density: [
          [0.3, 0],
          [0, 0.2],
        ],
        loading: [[1, 0]],
        start: { diffuse: "all" },
      }),
      localLinearTrend({ levelVariance: 0.3, slopeVariance: 0.2, time: "continuous" }),
    ],
    [
      stochasticLinear({
        dynamics: [
          [0, 1],
          [-rate * rate, -2 * rate],
        ],
        density: [
          [0, 0],
          [0, 4 * rate ** 3 * 1.7],
        ],
        loading: [[1, 0]],
        start: "stationary",
      }),
      matern({ smoothness: 1.5, lengthScale: 2, variance: 1.7 }),
    ],
  ] as const;
  for (const [equation, closed] of pairs) {
    const run = (component: typeof closed) =>
      kalmanFilter(observed(component, { noise: 0.1 }), { times: TIMES, values: VALUES });
    expect(run(equation).logLikelihood).toBeCloseTo(run(closed).logLikelihood, 9);
    expect(
      relativeError(run(equation).steps[4]!.filtered.mean, run(closed).steps[4]!.filtered.mean),
    ).toBeLessThan(1e-9);
  }
});

test("the damped oscillator of van Loan's method has its published matrices", () => {
  const { matrix, noise } = stochasticLinear({
    dynamics: [
      [0, 1],
      [-4, -0.5],
    ],
    density: [
      [0, 0],
      [0, 1],
    ],
    loading: [[1, 0]],
    start: "stationary",
  }).transition(0.1, 0);
  const published = [0.9803944708854309, 0.09689220298516024, -0.3875688119406409, 0.9319483693928508];
  expect(relativeError(matrix.data, published)).toBeLessThan(1e-14);
  expect(noise.get(0, 0) / 0.0003185713650015054).toBeCloseTo(1, 11);
  expect(noise.get(0, 1) / 0.004694049499658747).toBeCloseTo(1, 12);
});

test.each<[Hold, (from: number, to: number, elapsed: number) => number]>([
  // dx/dt = −x/τ + u: the response over a step to u held, and to u rising straight.
  ["zero-order", (from, _to, elapsed) => 3 * (1 - Math.exp(-elapsed / 3)) * from],
  [
    "first-order",
    (from, to, elapsed) => {
      const decay = Math.exp(-elapsed / 3);
      const slope = (to - from) / elapsed;
      return 3 * (1 - decay) * from + slope * 3 * (elapsed - 3 * (1 - decay));
    },
  ],
])("inputs with %s hold move the state as the differential equation does", (hold, response) => {
  const inputs = [[2], [5], [-1], [4]];
  const component = stochasticLinear({
    dynamics: [[-1 / 3]],
    loading: [[1]],
    inputs: { matrix: [[1]], values: inputs, hold },
    start: { mean: [10] },
  });
  const times = [0, 0.7, 2, 5];
  const { steps } = kalmanFilter(observed(component, { noise: 1, at: 0 }), {
    times,
    values: [NaN, NaN, NaN, NaN],
  });
  let state = 10;
  for (let step = 1; step < 4; step++) {
    const elapsed = times[step]! - times[step - 1]!;
    state = Math.exp(-elapsed / 3) * state + response(inputs[step - 1]![0]!, inputs[step]![0]!, elapsed);
    expect(steps[step]!.filtered.mean[0]).toBeCloseTo(state, 12);
  }
});

test("each input may have its own hold", () => {
  const make = (hold: Hold | Hold[]) =>
    stochasticLinear({
      dynamics: [[-1]],
      loading: [[1]],
      inputs: {
        matrix: [[1, 1]],
        values: [
          [0, 0],
          [1, 1],
        ],
        hold,
      },
      start: { mean: [0] },
    }).transition(1, 1).drift![0]!;
  expect(make("zero-order")).toBe(0);
  expect(make(["zero-order", "first-order"])).toBeCloseTo(make("first-order") / 2, 14);
});

test.each([1e-9, 1e-6, 1e-3, 1, 30, 1e3, 1e9])(
  "a process of rate %d settles in its variance, whatever the unit",
  (rate) => {
    const { start } = stochasticLinear({
      dynamics: [[-rate]],
      density: [[2 * rate * 2.5]],
      loading: [[1]],
      start: "stationary",
    });
    expect(Math.abs(start.covariance.get(0, 0) / 2.5 - 1)).toBeLessThan(1e-14);
  },
);

test("a slow state driven by a fast one settles to all digits", () => {
  // −(a+b) P₁₂ + c P₂₂ = 0 and −a P₁₁ + c P₁₂ = 0 with P₂₂ = w/2b.
  const [slow, fast, coupling, density] = [1e-7, 1e4, 3, 2];
  const { start } = stochasticLinear({
    dynamics: [
      [-slow, coupling],
      [0, -fast],
    ],
    density: [
      [0, 0],
      [0, density],
    ],
    loading: [[1, 0]],
    start: "stationary",
  });
  const fastest = density / (2 * fast);
  const shared = (coupling * fastest) / (slow + fast);
  const slowest = (coupling * shared) / slow;
  const actual = [start.covariance.get(0, 0), start.covariance.get(0, 1), start.covariance.get(1, 1)];
  [slowest, shared, fastest].forEach((exact, index) => {
    expect(Math.abs(actual[index]! / exact - 1)).toBeLessThan(1e-12);
  });
});

test("a process that does not settle is refused", () => {
  for (const rate of [0, -1])
    expect(() =>
      stochasticLinear({ dynamics: [[-rate]], density: [[1]], loading: [[1]], start: "stationary" }),
    ).toThrow("stationary");
});

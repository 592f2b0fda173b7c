import { CubatureKalmanFilter } from "@plumbline/twin/estimation/nonlinear/cubature-kalman";
import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import { run } from "@plumbline/twin/estimation/nonlinear/run";
import { smooth, smoothIterated } from "@plumbline/twin/estimation/nonlinear/smoother";
import { SquareRootUnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/square-root-unscented";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { seeded } from "../../../support/random.ts";
import { refusal } from "../../support/refusals.ts";

/** A swing with friction, pushed at random, seen by its sideways position. */
const SWING: StochasticSystem = {
  states: 2,
  outputs: 1,
  advance: ([angle = 0, rate = 0], from, to, out) => {
    const dt = to - from;
    out[0] = angle + dt * rate;
    out[1] = rate - dt * (9.81 * Math.sin(angle) + 0.1 * rate * Math.abs(rate));
  },
  observe: ([angle = 0], _at, out) => {
    out[0] = Math.sin(angle);
  },
  processNoise: (from, to) => Matrix.diagonal([1e-6 * (to - from), 0.05 * (to - from)]),
  observationNoise: Matrix.diagonal([0.04]),
};
const START = { at: 0, mean: Float64Array.of(0.5, 0), covariance: Matrix.diagonal([0.3, 0.5]) };

/** Irregular times; every fourth reading is missing. */
function series(): { times: number[]; readings: number[][]; truth: number[] } {
  const dice = seeded(17);
  const times: number[] = [];
  const readings: number[][] = [];
  const truth: number[] = [];
  let state = Float64Array.of(0.9, 0.2);
  let at = 0;
  for (let step = 0; step < 300; step++) {
    const to = at + 0.01 + 0.03 * dice.uniform();
    const next = new Float64Array(2);
    SWING.advance(state, at, to, next);
    next[1]! += Math.sqrt(0.05 * (to - at)) * dice.normal();
    [state, at] = [next, to];
    times.push(at);
    truth.push(state[0]!);
    readings.push([step % 4 === 3 ? Number.NaN : Math.sin(state[0]!) + 0.2 * dice.normal()]);
  }
  return { times, readings, truth };
}

const { times, readings, truth } = series();
const far = (
  left: readonly { data?: Float64Array }[] | readonly Float64Array[],
  right: typeof left,
): number =>
  Math.max(
    ...left.flatMap((value, step) => {
      const other = right[step]!;
      const [a, b] = [value, other].map((each) => (each instanceof Float64Array ? each : each.data!));
      return Array.from(a!, (entry, index) => Math.abs(entry - b![index]!));
    }),
  );

/** −ln p(path, readings) of SWING, up to a constant, over the first steps of the series. */
function negativeLogDensity(path: readonly Float64Array[]): number {
  const [start, ...rest] = path;
  let sum = (start![0]! - 0.5) ** 2 / 0.3 + start![1]! ** 2 / 0.5;
  const image = new Float64Array(2);
  for (const [step, state] of rest.entries()) {
    const [from, to] = [times[step - 1] ?? 0, times[step]!];
    SWING.advance(path[step]!, from, to, image);
    const noise = SWING.processNoise(from, to);
    for (const index of [0, 1]) sum += (state[index]! - image[index]!) ** 2 / noise.get(index, index);
    const reading = readings[step]![0]!;
    if (!Number.isNaN(reading)) sum += (reading - Math.sin(state[0]!)) ** 2 / 0.04;
  }
  return sum / 2;
}

describe("the smoother of a nonlinear system", () => {
  test.each([
    { alpha: 1, beta: 0, kappa: 1 },
    { alpha: 0.5, beta: 0, kappa: 0 },
    { alpha: 0.3, beta: 2, kappa: 0 },
  ])(
    "does not depend on how a covariance is factored, also where the centre weighs negative: %o",
    (options) => {
      const plain = smooth(new UnscentedKalmanFilter(SWING, START, options), times, readings);
      const root = smooth(new SquareRootUnscentedKalmanFilter(SWING, START, options), times, readings);
      expect(far(plain.filtered.means, root.filtered.means)).toBeLessThan(1e-10);
      expect(far(plain.means, root.means)).toBeLessThan(1e-10);
      expect(far(plain.covariances, root.covariances)).toBeLessThan(1e-10);
      expect(far(plain.lagged, root.lagged)).toBeLessThan(1e-10);
      expect(Math.abs(plain.filtered.logLikelihood - root.filtered.logLikelihood)).toBeLessThan(1e-9);
    },
  );

  test("comes nearer to the truth than the filter, and knows it", () => {
    const { means, covariances, filtered } = smooth(new CubatureKalmanFilter(SWING, START), times, readings);
    const errorOf = (found: readonly Float64Array[]): number =>
      Math.sqrt(found.reduce((sum, mean, step) => sum + (mean[0]! - truth[step]!) ** 2, 0) / found.length);
    expect(errorOf(means)).toBeLessThan(0.8 * errorOf(filtered.means));
    for (const [step, covariance] of covariances.entries())
      expect(covariance.get(0, 0)).toBeLessThanOrEqual(filtered.covariances[step]!.get(0, 0) * (1 + 1e-9));
  });

  test("ends with the filter's last belief, and leaves the filter there", () => {
    const filter = new ExtendedKalmanFilter(SWING, START);
    const { means, covariances, filtered } = smooth(filter, times, readings);
    expect([means.at(-1), covariances.at(-1)]).toEqual([filter.mean(), filter.covariance()]);
    const again = run(new ExtendedKalmanFilter(SWING, START), times, readings);
    expect(filtered).toEqual(again);
    expect(filter.at).toBe(times.at(-1));
  });

  test("tells when a state is forgotten without noise: nothing comes back from there", () => {
    const forgetting: StochasticSystem = {
      ...SWING,
      advance: (_state, _from, _to, out) => out.fill(0),
      processNoise: () => new Matrix(2, 2),
    };
    const filter = new ExtendedKalmanFilter(forgetting, START);
    expect(refusal(() => smooth(filter, [1, 2], [[0], [0]])).code).toBe("SINGULAR");
  });
});

describe("the iterated smoother", () => {
  test("settles, nearer to the truth than one pass, and says after how many passes", () => {
    const make = (): CubatureKalmanFilter => new CubatureKalmanFilter(SWING, START);
    const once = smoothIterated(make, times, readings, 1);
    expect(once.iterations).toEqual({ count: 1, converged: false });
    expect(once.means).toEqual(smooth(make(), times, readings).means);
    const settled = smoothIterated(make, times, readings, 100);
    expect(settled.iterations.converged).toBe(true);
    expect(settled.iterations.count).toBeLessThan(40);
    const again = smoothIterated(make, times, readings, settled.iterations.count + 1);
    expect(far(settled.means, again.means)).toBeLessThan(1e-9);
  });

  test("with the extended filter finds the most probable path: no step of any state raises its density", () => {
    const make = (): ExtendedKalmanFilter => new ExtendedKalmanFilter(SWING, START);
    const { means, start } = smoothIterated(make, times.slice(0, 20), readings.slice(0, 20), 200);
    const path = [start.mean, ...means];
    const best = negativeLogDensity(path);
    for (const [step, state] of path.entries())
      for (const index of [0, 1])
        for (const push of [1e-4, -1e-4]) {
          const moved = path.with(step, state.with(index, state[index]! + push));
          expect(negativeLogDensity(moved)).toBeGreaterThan(best);
        }
  });

  test.each([0, 1.5, Number.NaN])("refuses %d passes", (most) => {
    const make = (): CubatureKalmanFilter => new CubatureKalmanFilter(SWING, START);
    expect(refusal(() => smoothIterated(make, times, readings, most)).code).toBe("BAD_OPTION");
  });
});

describe("a run through a series", () => {
  test("hands out each belief, and sums the likelihood", () => {
    const filter = new CubatureKalmanFilter(SWING, START);
    const { means, covariances, logLikelihoods, nis, sizes, logLikelihood } = run(filter, times, readings);
    expect([means.length, covariances.length, nis.length]).toEqual([300, 300, 300]);
    expect(means.at(-1)).toEqual(filter.mean());
    expect(logLikelihood).toBeCloseTo(
      logLikelihoods.reduce((sum, value) => sum + value, 0),
      9,
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(225);
    expect([logLikelihoods[3], nis[3], sizes[3]]).toEqual([0, 0, 0]);
  });

  test.each([
    ["EMPTY_SERIES", [], []],
    ["BAD_SHAPE", [1, 2], [[0]]],
    ["OUT_OF_ORDER", [1, 1], [[0], [0]]],
    ["OUT_OF_ORDER", [2, 1], [[0], [0]]],
    ["OUT_OF_ORDER", [-1, 1], [[0], [0]]],
    ["OUT_OF_ORDER", [1, Number.NaN], [[0], [0]]],
  ])("%s: times %o are refused before the filter is moved", (code, when, what) => {
    for (const walk of [run, smooth]) {
      const filter = new CubatureKalmanFilter(SWING, START);
      expect(refusal(() => walk(filter, when, what)).code).toBe(code);
      expect([filter.at, filter.mean()]).toEqual([0, START.mean]);
    }
  });

  test("that meets a failing model stops at the step before it", () => {
    const failing: StochasticSystem = {
      ...SWING,
      advance: (state, from, to, out) => {
        if (to > 2) throw new Error("no such regime");
        SWING.advance(state, from, to, out);
      },
    };
    const filter = new CubatureKalmanFilter(failing, START);
    expect(refusal(() => run(filter, times, readings)).code).toBe("MODEL_FAILED");
    expect(filter.at).toBe(times.filter((time) => time <= 2).at(-1));
  });
});

import { EnsembleFilter } from "@plumbline/twin/estimation/ensemble/ensemble-filter";
import { finiteSize } from "@plumbline/twin/estimation/ensemble/finite-size";
import { perturbedObservations } from "@plumbline/twin/estimation/ensemble/perturbed-observations";
import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { circularMean, nearestImage } from "@plumbline/twin/estimation/nonlinear/circles";
import type { Filter } from "@plumbline/twin/estimation/nonlinear/filter";
import { run } from "@plumbline/twin/estimation/nonlinear/run";
import { smooth, smoothIterated } from "@plumbline/twin/estimation/nonlinear/smoother";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { gaussianParticles } from "@plumbline/twin/estimation/particle/gaussian-particles";
import { ParticleFilter } from "@plumbline/twin/estimation/particle/particle-filter";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { seeded } from "../../../support/random.ts";
import { refusal } from "../../support/refusals.ts";
import { type MakeFilter, systemOf } from "../filter-contract.ts";
import { GAUSSIAN_FILTERS, gaussHermite, kalmanOf } from "./filters.ts";

const TURN = 2 * Math.PI;
const cut = (angle: number): number => Math.atan2(Math.sin(angle), Math.cos(angle));

const gaussian = [
  ...GAUSSIAN_FILTERS.filter(([, make]) => make !== kalmanOf),
  ["Gauss–Hermite", gaussHermite],
] as const;
const ensembles: readonly (readonly [string, MakeFilter])[] = [
  ["square-root ensemble", {}],
  ["perturbed ensemble", { analysis: perturbedObservations() }],
  ["finite-size ensemble", { analysis: finiteSize() }],
].map(([name, options]) => [
  name as string,
  (system, start) =>
    new EnsembleFilter(system, start, { members: 60, dice: dice("angles"), ...(options as object) }),
]);
const particles: readonly (readonly [string, MakeFilter])[] = (["bootstrap", "auxiliary"] as const).map(
  (scheme) => [
    `particles, ${scheme}`,
    (system, start) =>
      new ParticleFilter(gaussianParticles(system), start, { particles: 2000, scheme, dice: dice("angles") }),
  ],
);
const all: readonly (readonly [string, MakeFilter])[] = [...gaussian, ...ensembles, ...particles];

/** An angle and its rate: turns twice in forty seconds. The angle is read modulo a turn, or on the whole line. */
const wheel = (onCircle: boolean): StochasticSystem => {
  const line = systemOf({
    transition: (from, to) =>
      Matrix.from([
        [1, to - from],
        [0, 1],
      ]),
    processNoise: (from, to) => Matrix.diagonal([1e-4 * (to - from), 1e-4 * (to - from)]),
    observation: Matrix.from([
      [1, 0],
      [0, 1],
    ]),
    observationNoise: Matrix.diagonal([0.04, 0.04]),
  });
  if (!onCircle) return line;
  const { observationJacobian: _, ...rest } = line;
  return {
    ...rest,
    periods: [TURN, undefined],
    observe: ([angle = 0, rate = 0], _at, out) => out.set([cut(angle), rate]),
  };
};
const WHEEL_START: Start = {
  at: 0,
  mean: Float64Array.of(2.9, 0.3),
  covariance: Matrix.diagonal([0.2, 0.01]),
};
const times = Array.from({ length: 40 }, (_, step) => step + 1);
const onTheLine = (() => {
  const random = seeded(11);
  return times.map((at) => [
    at % 5 === 0 ? Number.NaN : 2.9 + 0.32 * at + 0.2 * random.normal(),
    0.32 + 0.2 * random.normal(),
  ]);
})();
const onTheCircle = onTheLine.map(([angle = 0, rate = 0]) => [cut(angle), rate]);

/** A body passes on the far side of ±π, 10 m off, and is seen in its bearing only; from the east, the same without a cut. */
const bearings = (side: 1 | -1, periods?: StochasticSystem["periods"]): StochasticSystem => ({
  states: 4,
  outputs: 1,
  advance: ([x = 0, y = 0, vx = 0, vy = 0], from, to, out) => {
    const elapsed = to - from;
    out.set([x + elapsed * vx, y + elapsed * vy, vx, vy]);
  },
  observe: ([x = 0, y = 0], _at, out) => out.set([Math.atan2(side * y, side * x)]),
  processNoise: (from, to) => Matrix.diagonal([0, 0, 1e-5 * (to - from), 1e-5 * (to - from)]),
  observationNoise: Matrix.diagonal([0.02 ** 2]),
  ...(periods && { periods }),
});
const EAST_START: Start = {
  at: 0,
  mean: Float64Array.of(9.5, -4.5, 0, 0.35),
  covariance: Matrix.diagonal([0.5, 0.5, 0.01, 0.01]),
};
const seenFromEast = (() => {
  const random = seeded(3);
  return times.slice(0, 25).map((at) => [Math.atan2(-5 + 0.4 * at, 10) + 0.02 * random.normal()]);
})();
/** Half a turn on: every bearing near ±π. */
const seenFromWest = seenFromEast.map(([bearing = 0]) => [cut(bearing + Math.PI)]);

describe("angles among the outputs", () => {
  test.each(all)("a wheel that turns twice is the same on the line and on the circle: %s", (_, make) => {
    const line = run(make(wheel(false), WHEEL_START), times, onTheLine);
    const circle = run(make(wheel(true), WHEEL_START), times, onTheCircle);
    for (const step of times.keys()) {
      for (const state of [0, 1]) {
        expect(circle.means[step]?.[state]).toBeCloseTo(line.means[step]?.[state] as number, 8);
        expect(circle.covariances[step]?.get(state, 0)).toBeCloseTo(
          line.covariances[step]?.get(state, 0) as number,
          8,
        );
      }
      expect(circle.nis[step]).toBeCloseTo(line.nis[step] as number, 6);
    }
    expect(circle.logLikelihood).toBeCloseTo(line.logLikelihood, 6);
  });

  test.each(gaussian)("a body seen across ±π is the one seen across 0: %s", (_, make) => {
    const east = smooth(make(bearings(1), EAST_START), times.slice(0, 25), seenFromEast);
    const west = smooth(make(bearings(-1, [TURN]), EAST_START), times.slice(0, 25), seenFromWest);
    for (const step of east.means.keys())
      for (const state of [0, 1, 2, 3]) {
        expect(west.means[step]?.[state]).toBeCloseTo(east.means[step]?.[state] as number, 7);
        expect(west.filtered.means[step]?.[state]).toBeCloseTo(
          east.filtered.means[step]?.[state] as number,
          7,
        );
      }
    expect(west.filtered.logLikelihood).toBeCloseTo(east.filtered.logLikelihood, 6);
  });

  test("and so with every line drawn anew under the smoothed belief", () => {
    const [, make] = gaussian[0] as (typeof gaussian)[number];
    const through = (system: StochasticSystem, seen: number[][]) =>
      smoothIterated(() => make(system, EAST_START), times.slice(0, 25), seen);
    const east = through(bearings(1), seenFromEast);
    const west = through(bearings(-1, [TURN]), seenFromWest);
    expect(west.means[12]?.[0]).toBeCloseTo(east.means[12]?.[0] as number, 7);
  });

  test.each([...ensembles, ...particles])("a body seen across ±π is the one seen across 0: %s", (_, make) => {
    const through = (system: StochasticSystem, seen: number[][]): [Filter, number[]] => {
      const filter = make(system, EAST_START);
      const innovations = seen.map((reading, step) => {
        filter.predict(times[step] as number);
        return filter.update(reading).innovation[0] as number;
      });
      return [filter, innovations];
    };
    const [east, eastern] = through(bearings(1), seenFromEast);
    const [west, western] = through(bearings(-1, [TURN]), seenFromWest);
    expect([...west.mean()]).toEqual([...east.mean()].map((value) => expect.closeTo(value, 7)));
    expect(western).toEqual(eastern.map((value) => expect.closeTo(value, 7)));
  });

  test("periods are one positive number for each angle", () => {
    const make = (periods: StochasticSystem["periods"]) => () =>
      gaussian[0]?.[1](bearings(1, periods), EAST_START);
    expect(refusal(make([TURN, TURN])).code).toBe("BAD_SHAPE");
    for (const period of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(refusal(make([period])).code).toBe("BAD_OPTION");
  });

  test("the nearest image lies within half a turn, the upper end included, and is the value itself where it may be", () => {
    expect([nearestImage(3, -3, TURN), nearestImage(-3, 3, TURN)]).toEqual([3 - TURN, TURN - 3]);
    expect([nearestImage(180, 0, 360), nearestImage(-180, 0, 360)]).toEqual([180, 180]);
    expect(nearestImage(0.1, 0.3, 360)).toBe(0.1);
    expect(nearestImage(Number.NaN, 0, 360)).toBeNaN();
    expect(circularMean(Float64Array.of(350, 20), 360)).toBeCloseTo(5, 12);
    expect(circularMean(Float64Array.of(350, 20, 90), 360, Float64Array.of(0.5, 0.5, 0))).toBeCloseTo(5, 12);
  });
});

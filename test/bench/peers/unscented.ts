import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { seeded } from "../../support/random.ts";
import type { Bench } from "../row.ts";
import { againstPeer } from "./against.ts";

const STEP = 0.5;
const target = {
  step: STEP,
  mean: [100, -1, 50, 2],
  covariance: [
    [25, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 25, 0],
    [0, 0, 0, 1],
  ],
  processNoise: [
    [0.01, 0.02, 0, 0],
    [0.02, 0.05, 0, 0],
    [0, 0, 0.01, 0.02],
    [0, 0, 0.02, 0.05],
  ],
  observationNoise: [
    [1, 0],
    [0, 1e-4],
  ],
};

const processNoise = Matrix.from(target.processNoise);

/** A target at (x, ẋ, y, ẏ) seen by range and bearing. */
const radar: StochasticSystem = {
  states: 4,
  outputs: 2,
  advance(state, from, to, out) {
    const [x, vx, y, vy] = state as unknown as [number, number, number, number];
    const elapsed = to - from;
    out[0] = x + elapsed * vx;
    out[1] = vx;
    out[2] = y + elapsed * vy;
    out[3] = vy;
  },
  observe(state, _at, out) {
    const [x, , y] = state as unknown as [number, number, number];
    out[0] = Math.hypot(x, y);
    out[1] = Math.atan2(y, x);
  },
  processNoise: () => processNoise,
  observationNoise: Matrix.from(target.observationNoise),
};

function filtered(readings: readonly number[][]): number[] {
  const start = { at: 0, mean: Float64Array.from(target.mean), covariance: Matrix.from(target.covariance) };
  const filter = new UnscentedKalmanFilter(radar, start, { alpha: 1, beta: 2, kappa: 0 });
  for (const [index, reading] of readings.entries()) {
    filter.predict((index + 1) * STEP);
    filter.update(reading);
  }
  return [...filter.mean(), ...filter.covariance().data];
}

/** An unscented filter of four states and two outputs, against one in the manner of filterpy. */
export const unscentedPeers: readonly Bench[] = [
  againstPeer({
    name: "numpy-unscented-filter",
    modules: ["numpy"],
    script: "unscented.py",
    task: "filter",
    prepare: () => {
      const readings = passage(40);
      return {
        input: { ...target, readings },
        run: () => filtered(readings),
        scale: 1_000 / readings.length,
      };
    },
    unit: "µs/step",
    target: 0.1,
    tolerance: 1e-8,
  }),
];

function passage(count: number): number[][] {
  const { normal } = seeded(22);
  return Array.from({ length: count }, (_, index) => {
    const x = 100 - (index + 1) * STEP * 0.9;
    const y = 50 + (index + 1) * STEP * 1.8;
    return [Math.hypot(x, y) + normal(), Math.atan2(y, x) + 0.01 * normal()];
  });
}

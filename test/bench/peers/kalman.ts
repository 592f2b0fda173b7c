import { kalmanFilter } from "@plumbline/twin/estimation/linear/filter";
import { KalmanFilter } from "@plumbline/twin/estimation/linear/kalman-filter";
import { linearModel } from "@plumbline/twin/estimation/linear/linear-model";
import { type SmoothedStep, smooth } from "@plumbline/twin/estimation/linear/smoother";
import { seeded } from "../../support/random.ts";
import type { Bench } from "../row.ts";
import { againstPeer, type PreparedTask } from "./against.ts";

/** A model in matrices and what was read; the start holds at 0, readings come at 1, 2, 3, … */
interface Series {
  readonly transition: number[][];
  readonly processNoise: number[][];
  readonly observation: number[][];
  readonly observationNoise: number[][];
  readonly mean: number[];
  readonly covariance: number[][];
  readonly readings: number[][];
}

/** A mass that drifts, seen by its place. */
const drifting = (): Series => ({
  transition: [
    [1, 1],
    [0, 1],
  ],
  processNoise: [
    [0.25e-3, 0.5e-3],
    [0.5e-3, 1e-3],
  ],
  observation: [[1, 0]],
  observationNoise: [[1]],
  mean: [0, 0],
  covariance: [
    [100, 0],
    [0, 10],
  ],
  readings: walk(100, 1),
});

/** Three places with speeds and accelerations, each a little pulled by the next. */
const coupled = (): Series => ({
  transition: square(9, (row, column) => (row === column ? 0.98 : column === row + 1 ? 0.1 : 0)),
  processNoise: square(9, (row, column) => 0.01 * 0.5 ** Math.abs(row - column)),
  observation: [0, 3, 6].map((seen) => Array.from({ length: 9 }, (_, state) => (state === seen ? 1 : 0))),
  observationNoise: square(3, (row, column) => (row === column ? 0.5 : 0.1)),
  mean: Array<number>(9).fill(0),
  covariance: square(9, (row, column) => (row === column ? 10 : 0)),
  readings: walk(60, 3),
});

/** A task on every reading of a series. */
const prepared = (series: Series, run: (series: Series) => number[]): PreparedTask => ({
  input: series,
  run: () => run(series),
  scale: 1_000 / series.readings.length,
});

const modelOf = ({ mean, covariance, ...matrices }: Series) =>
  linearModel({ ...matrices, start: { at: 0, mean, covariance } });

/** Reading by reading, as a gateway does it; in Joseph form, as the peer. */
function filtered(series: Series): number[] {
  const filter = new KalmanFilter(modelOf(series), { form: "sequential" });
  for (const [index, reading] of series.readings.entries()) {
    filter.predict(index + 1);
    filter.update(reading);
  }
  return [...filter.mean(), ...filter.covariance().data];
}

function smoothed(series: Series): number[] {
  const steps = smooth(kalmanFilter(modelOf(series), { values: series.readings }));
  return [0, steps.length / 2].flatMap((index) => {
    const { state } = steps[index] as SmoothedStep;
    return [...state.mean, ...state.covariance.data];
  });
}

const shared = { modules: ["numpy"], script: "kalman.py", unit: "µs/step", tolerance: 1e-8, target: 0.1 };

/** Kalman filters and smoothers against an object of numpy matrices in the manner of filterpy. */
export const kalmanPeers: readonly Bench[] = [
  againstPeer({
    ...shared,
    name: "numpy-kalman-filter",
    task: "filter",
    prepare: () => prepared(drifting(), filtered),
  }),
  againstPeer({
    ...shared,
    name: "numpy-kalman-smoother",
    task: "smooth",
    prepare: () => prepared(drifting(), smoothed),
    // The smoother meets later readings as square-root information: dearer than a backward pass, and right after a diffuse start.
    target: 0.15,
  }),
  againstPeer({
    ...shared,
    name: "numpy-joseph-nine-states",
    task: "filter",
    prepare: () => prepared(coupled(), filtered),
    // Of products of 9 × 9, numpy's overhead is no longer the most.
    target: 0.5,
  }),
];

function square(size: number, entry: (row: number, column: number) => number): number[][] {
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_unused, column) => entry(row, column)),
  );
}

function walk(count: number, outputs: number): number[][] {
  const { normal } = seeded(21);
  const place = Array<number>(outputs).fill(0);
  return Array.from({ length: count }, () =>
    place.map((value, output) => {
      place[output] = value + 0.3 * normal();
      return (place[output] as number) + normal();
    }),
  );
}

import { fitLeastSquares } from "@plumbline/twin/calibration/least-squares/fit";
import { curve } from "@plumbline/twin/calibration/least-squares/problem";
import { integrate } from "@plumbline/twin/integration/integrate";
import type { OdeSystem } from "@plumbline/twin/integration/system";
import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { seeded } from "../../support/random.ts";
import type { Bench } from "../row.ts";
import { againstPeer } from "./against.ts";

const FACTORS = 200;
const SIZE = 10;
const rows = Array.from({ length: SIZE }, (_, row) =>
  Array.from({ length: SIZE }, (_unused, column) => 0.7 ** Math.abs(row - column)),
);
const matrix = Matrix.from(rows);

function factors(): ArrayLike<number> {
  let factor = matrix;
  for (let count = 0; count < FACTORS; count++) factor = cholesky(matrix);
  return factor.data.subarray((SIZE - 1) * SIZE);
}

/** Two decays that are hard to tell apart, as in the certified sets of nonlinear regression. */
const decay = (at: number, theta: ArrayLike<number>): number =>
  (theta[0] as number) * Math.exp(-(theta[1] as number) * at) +
  (theta[2] as number) * Math.exp(-(theta[3] as number) * at);

const { normal } = seeded(25);
const x = Array.from({ length: 24 }, (_, index) => index / 4);
const y = x.map((at) => decay(at, [2.5, 0.6, 1.8, 2.4]) + 0.01 * normal());
const START = [1, 0.3, 1, 5];
const decays = curve({
  parameters: ["a", "b", "c", "d"],
  x,
  y,
  model: decay,
});

const fitted = (): Float64Array => fitLeastSquares(decays, START, { differences: "central" }).parameters;

/** Lotka and Volterra's hares and lynxes. */
const predators: OdeSystem = {
  size: 2,
  autonomous: true,
  derivative(_time, state, out) {
    const [hare, lynx] = state as unknown as [number, number];
    out[0] = 0.55 * hare - 0.028 * hare * lynx;
    out[1] = 0.024 * hare * lynx - 0.8 * lynx;
  },
};
const cycle = { initial: [33, 6], times: Array.from({ length: 20 }, (_, index) => index + 1) };

const solved = (): Float64Array =>
  integrate(predators, { ...cycle, start: 0, relativeTolerance: 1e-10, absoluteTolerance: 1e-10 }).states
    .data;

const shared = { modules: ["numpy", "scipy"], script: "numerics.py", target: 1 };

/** Dense algebra, least squares and differential equations against numpy and scipy. */
export const numericsPeers: readonly Bench[] = [
  againstPeer({
    ...shared,
    name: "numpy-cholesky-ten",
    task: "cholesky",
    prepare: () => ({ input: { matrix: rows, times: FACTORS }, run: factors, scale: 1_000 / FACTORS }),
    unit: "µs/factor",
    tolerance: 1e-14,
  }),
  againstPeer({
    ...shared,
    name: "scipy-least-squares",
    task: "fit",
    prepare: () => ({ input: { x, y, start: START }, run: fitted, scale: 1 }),
    unit: "ms/fit",
    tolerance: 1e-6,
  }),
  againstPeer({
    ...shared,
    name: "scipy-lsoda",
    task: "lsoda",
    prepare: () => ({ input: cycle, run: solved, scale: 1 }),
    unit: "ms/solution",
    // Global errors of some hundred times the tolerance, on both sides.
    tolerance: 1e-6,
  }),
  againstPeer({
    ...shared,
    name: "scipy-dop853",
    task: "dop853",
    prepare: () => ({ input: cycle, run: solved, scale: 1 }),
    unit: "ms/solution",
    tolerance: 1e-6,
  }),
];

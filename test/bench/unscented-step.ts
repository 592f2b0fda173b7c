import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { bareUnscented } from "./bare-unscented.ts";
import { type Bench, benchRow, elapsed, ifAgreeing, inTurn } from "./row.ts";

const STATES = 18;
const OUTPUTS = 6;
const STEPS = 5_000;

/**
 * Predict and update per second of an unscented filter with 18 states and 6 outputs whose model does nothing but copy, against
 * the same two Cholesky factors and products of the same sizes, written out for flat arrays without a check.
 */
export const unscentedStep: Bench = {
  name: "unscented-step",
  run: async () => {
    const reading = Float64Array.from({ length: OUTPUTS }, (_, output) => Math.sin(output));
    const found: [Float64Array, Float64Array] = [new Float64Array(), new Float64Array()];
    const product = (): number => {
      const filter = new UnscentedKalmanFilter(copyingSystem, start());
      const took = elapsed(() => {
        for (let step = 1; step <= STEPS; step++) {
          filter.predict(step);
          filter.update(reading);
        }
      });
      found[0] = filter.mean();
      return (STEPS / took) * 1_000;
    };
    const bare = (): number => {
      const { mean, covariance } = start();
      const step = bareUnscented(mean, covariance.data, processNoise.data, OUTPUTS);
      const took = elapsed(() => {
        for (let count = 1; count <= STEPS; count++) step(reading);
      });
      found[1] = mean;
      return (STEPS / took) * 1_000;
    };
    const [value, baseline] = await inTurn(5, product, bare);
    const row = benchRow("unscented-step", "steps/s", value, baseline, "higher", 0.5);
    return ifAgreeing(row, found[0], found[1], 1e-9);
  },
};

const processNoise = correlated(0.1);

const start = (): { at: number; mean: Float64Array; covariance: Matrix } => ({
  at: 0,
  mean: new Float64Array(STATES),
  covariance: correlated(1),
});

const copyingSystem = {
  states: STATES,
  outputs: OUTPUTS,
  advance: (state: Float64Array, _from: number, _to: number, out: Float64Array) => copyInto(state, out),
  observe: (state: Float64Array, _at: number, out: Float64Array) => copyInto(state, out),
  processNoise: () => processNoise,
  observationNoise: Matrix.identity(OUTPUTS),
};

function copyInto(state: Float64Array, out: Float64Array): void {
  for (let index = 0; index < out.length; index++) out[index] = state[index] as number;
}

/** Every state correlated with every other, less with those further away. */
function correlated(variance: number): Matrix {
  const matrix = new Matrix(STATES, STATES);
  for (let row = 0; row < STATES; row++)
    for (let column = 0; column < STATES; column++)
      matrix.set(row, column, variance * 0.5 ** Math.abs(row - column));
  return matrix;
}

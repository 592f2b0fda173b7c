import { InteractingModels } from "@plumbline/twin/estimation/linear/interacting-models";
import { KalmanFilter } from "@plumbline/twin/estimation/linear/kalman-filter";
import type { LinearModel } from "@plumbline/twin/estimation/linear/model";
import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describeFilter } from "../filter-contract.ts";

/** The matrices of a linear system, read off its unit vectors. */
function linearModel(system: StochasticSystem, start: Start): LinearModel {
  const { states, outputs, observationNoise } = system;
  const columns = (rows: number, run: (state: Float64Array, out: Float64Array) => void): Matrix =>
    Matrix.from(
      Array.from({ length: states }, (_, index) => {
        const out = new Float64Array(rows);
        run(
          Float64Array.from({ length: states }, (_one, at) => (at === index ? 1 : 0)),
          out,
        );
        return [...out];
      }),
    ).transpose();
  const observation = {
    matrix: columns(outputs, (state, out) => system.observe(state, 0, out)),
    noise: observationNoise.copy(),
  };
  return {
    states,
    outputs,
    start,
    transition: (elapsed) => ({
      matrix: columns(states, (state, out) => system.advance(state, 0, elapsed, out)),
      noise: system.processNoise(0, elapsed),
    }),
    observation: () => observation,
  };
}

const options = { takes: "matrices" } as const;

for (const form of ["sequential", "square-root", "ud"] as const)
  describeFilter(
    `the Kalman filter, ${form} form,`,
    (system, start) => new KalmanFilter(linearModel(system, start), { form }),
    options,
  );

describeFilter(
  "a pair of equal models that interact",
  (system, start) => {
    const model = linearModel(system, start);
    return new InteractingModels({
      models: [model, model],
      switching: [
        [0.9, 0.1],
        [0.3, 0.7],
      ],
      weights: [0.2, 0.8],
    });
  },
  options,
);

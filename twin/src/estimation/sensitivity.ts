import type { ParameterSet } from "../contract/parameter-set.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { Matrix } from "../linear-algebra/matrix.ts";
import { steadyModel } from "../models/models.ts";

/** The light twin around the parameters in force: h(θ̂) and ∂h/∂θ (outputs × parameters). */
export interface Linearisation {
  readonly outputs: Float64Array;
  readonly jacobian: Matrix;
}

/** Share of a parameter's range: far above round-off, far below the curvature of h. */
const STEP = 1e-4;

/** One-sided differences, away from the nearer bound. Model runs: parameters + 1. */
export function linearise(definition: TwinDefinition, set: ParameterSet): Linearisation {
  const model = steadyModel(definition.model);
  const theta = Float64Array.from(set.parameters, ({ mean }) => mean);
  const outputs = new Float64Array(model.outputs.length);
  model.evaluate(theta, outputs);
  const jacobian = new Matrix(outputs.length, theta.length);
  const moved = new Float64Array(outputs.length);
  for (const [column, { bounds }] of definition.parameters.entries()) {
    const value = theta[column] as number;
    const reach = STEP * (bounds[1] - bounds[0]);
    const step = value + reach < bounds[1] ? reach : -reach;
    theta[column] = value + step;
    model.evaluate(theta, moved);
    theta[column] = value;
    for (let row = 0; row < outputs.length; row++)
      jacobian.set(row, column, ((moved[row] as number) - (outputs[row] as number)) / step);
  }
  return { outputs, jacobian };
}

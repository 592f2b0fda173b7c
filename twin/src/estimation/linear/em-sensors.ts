import { TwinError } from "../../errors.ts";
import { submatrix } from "../../linear-algebra/blocks.ts";
import { cholesky, solveCholesky } from "../../linear-algebra/cholesky.ts";
import { Matrix, multiply, plus } from "../../linear-algebra/matrix.ts";
import type { Gaussian } from "../gaussian.ts";
import { matrixOf } from "./arrays.ts";
import { addAll, addOuter, meanOf, regress } from "./em-regression.ts";
import type { EmTargets, Expected } from "./em-targets.ts";
import type { FilteredStep } from "./filtered.ts";
import { innovationOf } from "./innovation.ts";
import type { ModelMatrices } from "./linear-model.ts";
import type { SmoothedStep } from "./smoother.ts";

/** Z and d by regression of the readings on the states, R from what is left; rows without any reading take no part. */
export function maximiseSensors(
  matrices: ModelMatrices,
  { steps, smoothed }: Expected,
  { observation, offset, observationNoise }: EmTargets,
): Partial<ModelMatrices> {
  if (!observation && !offset && !observationNoise) return {};
  const read = steps.flatMap((step, index) =>
    step.split.outputs.length === 0 ? [] : [{ step, state: (smoothed[index] as SmoothedStep).state }],
  );
  const noise = matrixOf(matrices.observationNoise, "the observation noise");
  const outputs = noise.rows;
  const partial = read.some(({ step }) => step.split.outputs.length < outputs);
  if (partial && (observation || offset) && observationNoise !== "diagonal")
    throw new TwinError(
      "PARTIAL_ROWS",
      "the observation matrix or offset is to be estimated, but some rows are incomplete and their noise may be correlated",
      'estimate the observation noise as "diagonal", or leave incomplete rows out',
    );
  const changed =
    observation || offset
      ? sensorRows(matrices, read, outputs, { observation: observation === true, offset: offset === true })
      : {};
  if (!observationNoise) return changed;
  const seen = read.map(({ step, state }) => {
    const row = {
      matrix: changed.observation instanceof Matrix ? changed.observation : step.observation.matrix,
      noise,
    };
    const constant =
      changed.offset === undefined
        ? step.observation.offset
        : Float64Array.from(changed.offset as Float64Array);
    return { step, state, observation: constant === undefined ? row : { ...row, offset: constant } };
  });
  const total = new Matrix(outputs, outputs);
  const counts = new Float64Array(outputs);
  for (const { step, state, observation: sensor } of seen) {
    const present = step.split.outputs;
    for (const output of present) counts[output] = (counts[output] as number) + 1;
    const residual = innovationOf(sensor, state.mean, step.reading);
    const loading = submatrix(sensor.matrix, present, [...state.mean.keys()]);
    const square = multiply(multiply(loading, state.covariance), loading.transpose());
    addOuter(
      square,
      Float64Array.from(present, (output) => residual[output] as number),
    );
    addAll(
      total,
      observationNoise === "full" ? completed(square, noise, present) : spread(square, present, outputs),
      1,
    );
  }
  if (observationNoise === "full")
    return { ...changed, observationNoise: meanOf(total, read.length, "full") };
  const variances = counts.map((count, output) =>
    count === 0 ? noise.get(output, output) : total.get(output, output) / count,
  );
  return { ...changed, observationNoise: Matrix.diagonal(variances) };
}

interface Read {
  readonly step: FilteredStep;
  readonly state: Gaussian;
}

function sensorRows(
  matrices: ModelMatrices,
  read: readonly Read[],
  outputs: number,
  { observation, offset }: { readonly observation: boolean; readonly offset: boolean },
): Partial<ModelMatrices> {
  const old = matrixOf(matrices.observation as Matrix, "the observation");
  const matrix = old.copy();
  const constants = new Float64Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const rows = read.filter(({ step }) => step.split.outputs.includes(output));
    const known = (step: FilteredStep): number => (offset ? 0 : (step.observation.offset?.[output] ?? 0));
    const { slopes, constant } = regress(
      rows.map(({ step, state }) => ({
        predictor: state,
        response: Float64Array.of((step.reading[output] as number) - known(step)),
        cross: new Matrix(1, old.columns),
      })),
      {
        slopes: observation ? undefined : submatrix(old, [output], [...Array(old.columns).keys()]),
        constant: offset === true,
      },
    );
    for (let state = 0; state < old.columns; state++) matrix.set(output, state, slopes.get(0, state));
    constants[output] = constant[0] as number;
  }
  return { ...(observation && { observation: matrix }), ...(offset && { offset: constants }) };
}

/** E[v vᵀ] of a row, with what the old R says of the outputs that are missing. */
function completed(square: Matrix, noise: Matrix, present: readonly number[]): Matrix {
  const outputs = noise.rows;
  if (present.length === outputs) return square;
  const missing = [...Array(outputs).keys()].filter((output) => !present.includes(output));
  const across = submatrix(noise, missing, present);
  const weights = solveCholesky(cholesky(submatrix(noise, present)), across.transpose()).transpose();
  const mixed = multiply(weights, square);
  const rest = plus(
    plus(submatrix(noise, missing), multiply(weights, across.transpose()), -1),
    multiply(mixed, weights.transpose()),
  );
  const result = spread(square, present, outputs);
  missing.forEach((output, row) => {
    present.forEach((other, column) => {
      result.set(output, other, mixed.get(row, column));
      result.set(other, output, mixed.get(row, column));
    });
    missing.forEach((other, column) => {
      result.set(output, other, rest.get(row, column));
    });
  });
  return result;
}

function spread(square: Matrix, present: readonly number[], outputs: number): Matrix {
  const result = new Matrix(outputs, outputs);
  present.forEach((output, row) => {
    present.forEach((other, column) => {
      result.set(output, other, square.get(row, column));
    });
  });
  return result;
}

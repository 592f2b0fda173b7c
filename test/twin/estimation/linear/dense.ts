import { linearModel } from "@plumbline/twin/estimation/linear/linear-model";
import type { LinearModel } from "@plumbline/twin/estimation/linear/model";
import { cholesky, logDeterminant, solveCholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix, multiply, plus, symmetrise, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { type Dice, dice } from "@plumbline/twin/random/dice";

/**
 * The same posterior without any recursion: all states and readings as one Gaussian vector, unknown directions by
 * generalised least squares (the limit of an infinite prior variance).
 */
export interface Dense {
  /** ln L, convention "omit". */
  readonly logLikelihood: number;
  /** All T n states stacked. */
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

const column = (values: ArrayLike<number>): Matrix => new Matrix(values.length, 1, Float64Array.from(values));

export function denseSmoother(
  model: LinearModel,
  times: readonly number[],
  rows: readonly (readonly number[])[],
): Dense {
  const { mean, covariance, directions } = stackedPrior(model, times);
  const { observation, noise, centred } = stackedReadings(model, rows, mean.length);
  const residual = column(timesVector(observation, mean).map((value, index) => centred[index]! - value));
  const gain = multiply(covariance, observation.transpose());
  const factor = cholesky(symmetrise(plus(multiply(observation, gain), noise)));
  const weightedResidual = solveCholesky(factor, residual);
  const unknowns = directions.columns;
  const proper =
    -0.5 *
    ((centred.length - unknowns) * Math.log(2 * Math.PI) +
      logDeterminant(factor) +
      multiply(residual.transpose(), weightedResidual).get(0, 0));
  const estimate = plus(column(mean), multiply(gain, weightedResidual));
  const posterior = plus(covariance, multiply(gain, solveCholesky(factor, gain.transpose())), -1);
  if (unknowns === 0)
    return { logLikelihood: proper, mean: estimate.data, covariance: symmetrise(posterior) };
  // Generalised least squares for the unknown directions.
  const design = multiply(observation, directions);
  const weighted = solveCholesky(factor, design);
  const information = cholesky(symmetrise(multiply(design.transpose(), weighted)));
  const right = multiply(weighted.transpose(), residual);
  const solved = solveCholesky(information, right);
  const left = plus(directions, multiply(gain, weighted), -1);
  return {
    logLikelihood:
      proper - 0.5 * (logDeterminant(information) - multiply(right.transpose(), solved).get(0, 0)),
    mean: plus(estimate, multiply(left, solved)).data,
    covariance: symmetrise(plus(posterior, multiply(left, solveCholesky(information, left.transpose())))),
  };
}

/** Mean, finite covariance and unknown directions of all states stacked. */
function stackedPrior({ states, start, transition }: LinearModel, times: readonly number[]) {
  const total = states * times.length;
  const mean = new Float64Array(total);
  const covariance = new Matrix(total, total);
  const directions = new Matrix(total, start.diffuse?.columns ?? 0);
  let { at, mean: here, covariance: own } = start;
  let unknown = start.diffuse ?? new Matrix(states, 0);
  /** Cov(x_k, all states before), states × total. */
  let cross = new Matrix(states, total);
  times.forEach((time, step) => {
    const elapsed = at === "first reading" ? 0 : time - at;
    at = time;
    if (elapsed > 0) {
      const { matrix, drift, noise } = transition(elapsed, step);
      here = timesVector(matrix, here).map((value, index) => value + (drift?.[index] ?? 0));
      unknown = multiply(matrix, unknown);
      cross = multiply(matrix, cross);
      own = plus(multiply(multiply(matrix, own), matrix.transpose()), noise);
    }
    const from = step * states;
    mean.set(here, from);
    for (let row = 0; row < states; row++) {
      for (let other = 0; other < states; other++) cross.set(row, from + other, own.get(row, other));
      for (let index = 0; index < unknown.columns; index++)
        directions.set(from + row, index, unknown.get(row, index));
    }
    for (let row = 0; row < states; row++) {
      for (let other = 0; other < from + states; other++) {
        covariance.set(from + row, other, cross.get(row, other));
        covariance.set(other, from + row, cross.get(row, other));
      }
    }
  });
  return { mean, covariance, directions };
}

/** Z, R and y − d of everything that was read, stacked. */
function stackedReadings(model: LinearModel, rows: readonly (readonly number[])[], total: number) {
  const seen = rows.flatMap((row, step) =>
    row.flatMap((value, output) => (Number.isNaN(value) ? [] : [{ step, output, value }])),
  );
  const observation = new Matrix(seen.length, total);
  const noise = new Matrix(seen.length, seen.length);
  const centred = seen.map(({ step, output, value }, index) => {
    const { matrix, offset, noise: r } = model.observation(step);
    for (let state = 0; state < model.states; state++)
      observation.set(index, step * model.states + state, matrix.get(output, state));
    seen.forEach((other, position) => {
      if (other.step === step) noise.set(index, position, r.get(output, other.output));
    });
    return value - (offset?.[output] ?? 0);
  });
  return { observation, noise, centred };
}

export const randomMatrix = (rows: number, columns: number, source: Dice, scale = 1): Matrix =>
  new Matrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => scale * source.normal()),
  );

/** A Wᵀ W of the given rank, symmetric. */
export function randomCovariance(size: number, rank: number, source: Dice): Matrix {
  const root = randomMatrix(size, rank, source);
  return symmetrise(multiply(root, root.transpose()));
}

export interface Case {
  readonly states: number;
  readonly outputs: number;
  readonly diffuse: number;
  readonly seed: number;
}

/** A random model with correlated reading noise and singular process noise, and a series with holes. */
export function randomCase({ states, outputs, diffuse, seed }: Case, length: number) {
  const source = dice(`linear case ${seed}`);
  const drift = Array.from({ length }, () => Array.from({ length: states }, () => source.normal()));
  const model = linearModel({
    transition: plus(Matrix.identity(states), randomMatrix(states, states, source, 0.3 / Math.sqrt(states))),
    drift,
    processNoise: randomCovariance(states, Math.max(1, states - 1), source),
    observation: randomMatrix(outputs, states, source),
    offset: Array.from({ length: outputs }, () => source.normal()),
    observationNoise: plus(randomCovariance(outputs, outputs, source), Matrix.identity(outputs), 0.1),
    start: {
      at: seed % 2 === 0 ? 0 : "first reading",
      covariance: diffuse === states ? new Matrix(states, states) : randomCovariance(states, states, source),
      ...(diffuse > 0 && { diffuse: randomMatrix(states, diffuse, source) }),
    },
  });
  const times = Array.from({ length }, (_, index) => index + 1);
  const rows = times.map(() =>
    Array.from({ length: outputs }, () => (source.uniform() < 0.25 ? Number.NaN : 5 * source.normal())),
  );
  return { model, times, rows };
}

/** Largest |a − b| over the largest |b|. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [worst, scale] = [0, 0];
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs(actual[index]! - expected[index]!);
    worst = Number.isNaN(difference) ? Number.NaN : Math.max(worst, difference);
    scale = Math.max(scale, Math.abs(expected[index]!));
  }
  return worst / (scale || 1);
}

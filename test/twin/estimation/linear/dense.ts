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
  const { states, start } = model;
  const total = states * times.length;
  const unknowns = start.diffuse?.columns ?? 0;
  const mean = new Float64Array(total);
  const covariance = new Matrix(total, total);
  const directions = new Matrix(total, unknowns);
  let at = start.at;
  let currentMean = start.mean;
  let currentDirections = start.diffuse ?? new Matrix(states, 0);
  let currentCovariance = start.covariance;
  /** Cov(x_k, all states before), states × total. */
  let cross = new Matrix(states, total);
  times.forEach((time, step) => {
    const elapsed = at === "first reading" ? 0 : time - at;
    if (elapsed > 0) {
      const { matrix, drift, noise } = model.transition(elapsed, step);
      currentMean = timesVector(matrix, currentMean).map((value, index) => value + (drift?.[index] ?? 0));
      currentDirections = multiply(matrix, currentDirections);
      cross = multiply(matrix, cross);
      currentCovariance = plus(multiply(multiply(matrix, currentCovariance), matrix.transpose()), noise);
    }
    at = time;
    for (let row = 0; row < states; row++)
      for (let other = 0; other < states; other++)
        cross.set(row, step * states + other, currentCovariance.get(row, other));
    mean.set(currentMean, step * states);
    for (let row = 0; row < states; row++) {
      for (let other = 0; other < (step + 1) * states; other++) {
        covariance.set(step * states + row, other, cross.get(row, other));
        covariance.set(other, step * states + row, cross.get(row, other));
      }
      for (let index = 0; index < unknowns; index++)
        directions.set(step * states + row, index, currentDirections.get(row, index));
    }
  });
  const seen: { step: number; output: number }[] = [];
  rows.forEach((row, step) => {
    row.forEach((value, output) => {
      if (!Number.isNaN(value)) seen.push({ step, output });
    });
  });
  const observation = new Matrix(seen.length, total);
  const noise = new Matrix(seen.length, seen.length);
  const centred = seen.map(({ step, output }, index) => {
    const { matrix, offset, noise: r } = model.observation(step);
    for (let state = 0; state < states; state++)
      observation.set(index, step * states + state, matrix.get(output, state));
    seen.forEach((other, position) => {
      if (other.step === step) noise.set(index, position, r.get(output, other.output));
    });
    return rows[step]![output]! - (offset?.[output] ?? 0);
  });
  const residual = column(timesVector(observation, mean).map((value, index) => centred[index]! - value));
  const gain = multiply(covariance, observation.transpose());
  const factor = cholesky(symmetrise(plus(multiply(observation, gain), noise)));
  const weightedResidual = solveCholesky(factor, residual);
  const weightedGain = solveCholesky(factor, gain.transpose());
  let logLikelihood =
    -0.5 *
    ((seen.length - unknowns) * Math.log(2 * Math.PI) +
      logDeterminant(factor) +
      multiply(residual.transpose(), weightedResidual).get(0, 0));
  let estimate = plus(column(mean), multiply(gain, weightedResidual));
  let posterior = plus(covariance, multiply(gain, weightedGain), -1);
  if (unknowns > 0) {
    const design = multiply(observation, directions);
    const weighted = solveCholesky(factor, design);
    const information = cholesky(symmetrise(multiply(design.transpose(), weighted)));
    const right = multiply(weighted.transpose(), residual);
    const solved = solveCholesky(information, right);
    logLikelihood -= 0.5 * (logDeterminant(information) - multiply(right.transpose(), solved).get(0, 0));
    const left = plus(directions, multiply(gain, weighted), -1);
    estimate = plus(estimate, multiply(left, solved));
    posterior = plus(posterior, multiply(left, solveCholesky(information, left.transpose())));
  }
  return { logLikelihood, mean: estimate.data, covariance: symmetrise(posterior) };
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

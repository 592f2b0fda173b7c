import { TwinError } from "../errors.ts";
import { requireProbability } from "./arguments.ts";

/**
 * Quantiles of a sample, weighted or not. Without weights it is Hyndman & Fan's type 7, linear between order statistics;
 * with weights, the sample counts as n* = (Σw)²/Σw² equal ones (Kish), and each order statistic contributes the share that
 * its step of the weighted distribution has of the window [(h − 1)/n*, h/n*], h = p(n* − 1) + 1.
 *
 * @param weights ≥ 0, not all 0; they need not sum to one.
 * @throws {TwinError} EMPTY_SAMPLE; BAD_SHAPE; NOT_FINITE; BAD_ARGUMENT for a weight or probability out of range.
 * @see Akinshin (2023), "Weighted quantile estimators", arXiv:2304.07265, §3.
 */
export function sampleQuantiles(
  values: ArrayLike<number>,
  probabilities: readonly number[],
  weights?: ArrayLike<number>,
): Float64Array {
  checkSample(values, weights);
  if (weights === undefined) {
    const sorted = Float64Array.from(values).sort();
    return Float64Array.from(probabilities, (probability) => quantileOfSorted(sorted, probability));
  }
  const sample = weightedSample(values, weights);
  return Float64Array.from(probabilities, (probability) => {
    requireProbability(probability);
    return windowMean(sample, probability);
  });
}

export const sampleQuantile = (
  values: ArrayLike<number>,
  probability: number,
  weights?: ArrayLike<number>,
): number => sampleQuantiles(values, [probability], weights)[0] as number;

/**
 * The type 7 quantile of what is sorted already: at position 1 + (n − 1)p.
 * @param sorted ascending and finite, as the caller knows.
 * @throws {TwinError} EMPTY_SAMPLE; BAD_ARGUMENT.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, probability: number): number {
  requireProbability(probability);
  requireValues(sorted);
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (position - below) * (high - low);
}

interface WeightedSample {
  readonly sorted: Float64Array;
  /** Share of the weight up to and including each. */
  readonly cumulative: Float64Array;
  readonly effective: number;
}

function weightedSample(values: ArrayLike<number>, weights: ArrayLike<number>): WeightedSample {
  const order = Array.from({ length: values.length }, (_, index) => index).sort(
    (left, right) => (values[left] as number) - (values[right] as number),
  );
  let total = 0;
  let squares = 0;
  for (const index of order) {
    total += weights[index] as number;
    squares += (weights[index] as number) ** 2;
  }
  if (!(total > 0 && Number.isFinite(total)))
    throw new TwinError(
      "BAD_ARGUMENT",
      `weights sum to ${total}`,
      "expected weights that are not all 0, and a finite sum",
    );
  let running = 0;
  const cumulative = Float64Array.from(order, (index) => {
    running += weights[index] as number;
    return running / total;
  });
  const sorted = Float64Array.from(order, (index) => values[index] as number);
  return { sorted, cumulative, effective: (total / squares) * total };
}

function windowMean({ sorted, cumulative, effective }: WeightedSample, probability: number): number {
  const start = (probability * (effective - 1)) / effective;
  const share = (at: number): number => Math.min(Math.max((at - start) * effective, 0), 1);
  let sum = 0;
  let below = 0;
  for (let index = 0; index < sorted.length; index++) {
    const upTo = index === sorted.length - 1 ? 1 : share(cumulative[index] as number);
    if (upTo > below) sum += (upTo - below) * (sorted[index] as number);
    below = upTo;
  }
  return sum;
}

function checkSample(values: ArrayLike<number>, weights: ArrayLike<number> | undefined): void {
  requireValues(values);
  if (weights !== undefined && weights.length !== values.length)
    throw new TwinError(
      "BAD_SHAPE",
      `${values.length} values have ${weights.length} weights`,
      "expected one weight for each value",
    );
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index]))
      throw new TwinError(
        "NOT_FINITE",
        `value ${index} of a sample is ${values[index]}`,
        "expected finite values: leave out what failed, and count it",
      );
    if (weights !== undefined && !((weights[index] as number) >= 0))
      throw new TwinError(
        "BAD_ARGUMENT",
        `weight ${index} is ${weights[index]}`,
        "expected weights of 0 or more",
      );
  }
}

function requireValues(values: ArrayLike<number>): void {
  if (values.length === 0)
    throw new TwinError("EMPTY_SAMPLE", "a sample has no values", "expected at least one value");
}

import { TwinError } from "../../errors.ts";
import { cholesky } from "../../linear-algebra/cholesky.ts";
import { type Matrix, multiply, plus, symmetrise, timesVector } from "../../linear-algebra/matrix.ts";
import { solveLower, solveLowerTransposed } from "../../linear-algebra/triangular.ts";
import type { Gaussian } from "../gaussian.ts";
import type { Factored } from "./conditioning.ts";
import { type Filtered, follow } from "./run.ts";
import {
  covarianceOf,
  type Iterations,
  type Passage,
  SETTLED,
  type SquareRootFilter,
  withinSds,
} from "./square-root-filter.ts";

/** The belief about every time, given all readings. */
export interface Smoothed {
  /** E[x_t | all y], n each. */
  readonly means: readonly Float64Array[];
  /** Cov[x_t | all y], n × n each. */
  readonly covariances: readonly Matrix[];
  /** Cov[x_t, x_{t−1} | all y], n × n each; for the first time with the state at the filter's start. */
  readonly lagged: readonly Matrix[];
  /** The belief about the filter's start, given all readings. */
  readonly start: Gaussian;
  /** What the forward pass said. */
  readonly filtered: Filtered;
}

/**
 * The Gaussian Rauch–Tung–Striebel smoother, with the filter's own way of seeing the transition.
 *
 *     G = Cov[x_s, x_t] P_t⁻⁻¹ = L Dᵀ P_t⁻⁻¹
 *     m_s^S = m_s + G (m_t^S − m_t⁻)                      m_t⁻: predicted, not filtered
 *     P_s^S = (L − G D)(L − G D)ᵀ + G (A Aᵀ − c cᵀ + Q) Gᵀ + G P_t^S Gᵀ       Cov[x_t, x_s | y] = P_t^S Gᵀ
 *
 * P_s^S is a sum of squares instead of P_s + G (P_t^S − P_t⁻) Gᵀ. Missing and partial readings, irregular times as in
 * `run`; the filter is left at the last time. Needs the passages of the whole series: 4n² numbers a step.
 * @throws {TwinError} as `run`; SINGULAR when a predicted covariance has no inverse (a transition that forgets, without noise).
 * @see Rauch, Tung & Striebel (1965), AIAA J. 3(8); Särkkä (2008), IEEE Trans. Autom. Control 53(3); Särkkä (2013), §10.
 */
export function smooth(
  filter: SquareRootFilter,
  times: ArrayLike<number>,
  readings: ArrayLike<ArrayLike<number>>,
): Smoothed {
  return smoothUnder(filter, times, readings, []);
}

/** `smooth`, with the lines of step k drawn under `beliefs[k]` (f, from the time before) and `beliefs[k + 1]` (h), where given. */
function smoothUnder(
  filter: SquareRootFilter,
  times: ArrayLike<number>,
  readings: ArrayLike<ArrayLike<number>>,
  beliefs: readonly Factored[],
): Smoothed {
  const passages: (Passage | undefined)[] = [];
  const filtered = follow(filter, times, readings, (to, reading, step) => {
    passages.push(to === filter.at ? undefined : filter.pass(to, beliefs[step]));
    return filter.update(reading, beliefs[step + 1]);
  });
  const length = times.length;
  const means: Float64Array[] = new Array(length);
  const covariances: Matrix[] = new Array(length);
  const lagged: Matrix[] = new Array(length);
  let belief: Gaussian = { mean: filter.mean(), covariance: filter.covariance() };
  for (let step = length - 1; step >= 0; step--) {
    means[step] = belief.mean;
    covariances[step] = belief.covariance;
    const passage = passages[step];
    const before = passage ? back(passage, belief) : { belief, lagged: belief.covariance.copy() };
    lagged[step] = before.lagged;
    belief = before.belief;
  }
  return {
    means,
    covariances,
    lagged,
    start: { mean: belief.mean.slice(), covariance: belief.covariance.copy() },
    filtered,
  };
}

/** What `smoothIterated` adds: how often the whole series was gone through. */
export interface IteratedSmoothed extends Smoothed {
  readonly iterations: Iterations;
}

/**
 * The iterated smoother: every line of the series is drawn anew under the last smoothed belief, and filter and smoother run again.
 * With the extended filter this is Gauss–Newton on the whole path, without step control; with sigma points, the iterated
 * posterior linearisation smoother. Likelihoods in `filtered` are those of the last lines.
 * @param make the filter at its start, anew each time.
 * @param most passes through the series, the first included.
 * @throws {TwinError} as `smooth`; NOT_POSITIVE_DEFINITE when a smoothed covariance cannot be factored.
 * @see Bell (1994), SIAM J. Optim. 4(3); García-Fernández, Svensson & Särkkä (2017), IEEE Trans. Autom. Control 62(4).
 */
export function smoothIterated(
  make: () => SquareRootFilter,
  times: ArrayLike<number>,
  readings: ArrayLike<ArrayLike<number>>,
  most = 10,
): IteratedSmoothed {
  if (!Number.isSafeInteger(most) || most < 1)
    throw new TwinError("BAD_OPTION", `${most} iterations at most`, "expected a whole number from 1 on");
  let smoothed = smooth(make(), times, readings);
  let count = 1;
  let converged = false;
  while (count < most && !converged) {
    const beliefs = [smoothed.start, ...beliefsOf(smoothed)].map(factored);
    smoothed = smoothUnder(make(), times, readings, beliefs);
    converged = beliefs
      .slice(1)
      .every((belief, step) => withinSds(smoothed.means[step] as Float64Array, belief, SETTLED));
    count++;
  }
  return { ...smoothed, iterations: { count, converged } };
}

const beliefsOf = ({ means, covariances }: Smoothed): Gaussian[] =>
  means.map((mean, step) => ({ mean, covariance: covariances[step] as Matrix }));

const factored = ({ mean, covariance }: Gaussian): Factored => ({ mean, factor: cholesky(covariance) });

/** One step back in time: the smoothed belief before the passage, from the one after it. */
function back(passage: Passage, after: Gaussian): { belief: Gaussian; lagged: Matrix } {
  const { before, slope, rest } = passage;
  const cross = multiply(slope, before.factor.transpose());
  const gain = solveLowerTransposed(
    passage.after.factor,
    solveLower(passage.after.factor, cross),
  ).transpose();
  const shift = timesVector(
    gain,
    after.mean.map((value, index) => value - (passage.after.mean[index] as number)),
  );
  const kept = plus(before.factor, multiply(gain, slope), -1);
  const lagged = multiply(after.covariance, gain.transpose());
  const covariance = symmetrise(
    plus(covarianceOf(kept), multiply(gain, multiply(plus(rest, after.covariance), gain.transpose()))),
  );
  const mean = before.mean.map((value, index) => value + (shift[index] as number));
  return { belief: { mean, covariance }, lagged };
}

import { TwinError } from "../../../errors.ts";
import { Matrix, multiply, plus } from "../../../linear-algebra/matrix.ts";
import { checkedPositive, checkedVariance } from "../arrays.ts";
import { keptByElapsed } from "../travel.ts";
import type { Component, ComponentStart } from "./component.ts";
import { firstState, singleSignal } from "./single-signal.ts";

export interface Matern {
  /** 0.5: as rough as an Ornstein–Uhlenbeck process; 1.5 and 2.5: once and twice differentiable. */
  readonly smoothness: 0.5 | 1.5 | 2.5;
  /** ℓ, in units of time. */
  readonly lengthScale: number;
  /** Stationary variance of the signal. */
  readonly variance: number;
  readonly start?: ComponentStart;
}

/**
 * A Gaussian process with Matérn covariance, exactly, as a differential equation: states are the signal and its derivatives.
 *
 *     ν = p + ½,  λ = √(2ν)/ℓ,  (d/dt + λ)^(p+1) x = white noise
 *     F(Δ) = e^{−λΔ} Σ_k (N Δ)^k/k!,  N = A + λ I nilpotent;   Q(Δ) = ∫₀^Δ F(s) g gᵀ F(s)ᵀ ds, term by term
 *
 * Q is integrated, not formed as P∞ − F P∞ Fᵀ, which has no digits left at short intervals. Any times. Starts stationary.
 *
 * @throws {TwinError} BAD_VALUE.
 * @see Hartikainen & Särkkä (2010), IEEE MLSP, "Kalman filtering and smoothing solutions to temporal Gaussian process
 *   regression models".
 */
export function matern({ smoothness, lengthScale, variance, start }: Matern): Component {
  if (smoothness !== 0.5 && smoothness !== 1.5 && smoothness !== 2.5)
    throw new TwinError("BAD_VALUE", `the smoothness is ${smoothness}`, "expected 0.5, 1.5 or 2.5");
  checkedPositive(lengthScale, "the length scale");
  checkedVariance(variance, "the variance");
  return withRate(smoothness + 0.5, Math.sqrt(2 * smoothness) / lengthScale, variance, start);
}

export interface OrnsteinUhlenbeck {
  /** φ, per unit of time: a deviation decays as e^{−φΔ}. */
  readonly rate: number;
  /** Stationary variance, not the intensity of the noise (which is 2 φ times it). */
  readonly variance: number;
  readonly start?: ComponentStart;
}

/**
 * A signal that returns to zero: dx = −φ x dt + noise; the first-order lag of thermal and drive models. Add `localLevel` with
 * variance 0 for a mean other than zero.
 *
 *     F(Δ) = e^{−φΔ},   Q(Δ) = s² (1 − e^{−2φΔ})
 *
 * Any times. Starts stationary unless told otherwise.
 * @throws {TwinError} BAD_VALUE.
 * @see Uhlenbeck & Ornstein (1930), Phys. Rev. 36.
 */
export const ornsteinUhlenbeck = ({ rate, variance, start }: OrnsteinUhlenbeck): Component =>
  withRate(1, checkedPositive(rate, "the rate"), checkedVariance(variance, "the variance"), start);

function withRate(
  order: number,
  rate: number,
  variance: number,
  start: ComponentStart | undefined,
): Component {
  const nilpotent = shiftedCompanion(order, rate);
  const pushed = impulseCoefficients(nilpotent);
  const unscaled = integral(pushed, rate, Number.POSITIVE_INFINITY, 1);
  const density = variance / unscaled.get(0, 0);
  return singleSignal(
    firstState(order),
    start ?? { covariance: integral(pushed, rate, Number.POSITIVE_INFINITY, density) },
    keptByElapsed((elapsed) => ({
      matrix: decayed(nilpotent, rate, elapsed),
      noise: integral(pushed, rate, elapsed, density),
    })),
  );
}

/** N = A + λ I for the companion matrix A of (s + λ)^order. */
function shiftedCompanion(order: number, rate: number): Matrix {
  const matrix = Matrix.diagonal(new Float64Array(order).fill(rate));
  for (let row = 0; row + 1 < order; row++) matrix.set(row, row + 1, 1);
  let binomial = 1;
  for (let column = 0; column < order; column++) {
    matrix.add(order - 1, column, -binomial * rate ** (order - column));
    binomial = (binomial * (order - column)) / (column + 1);
  }
  return matrix;
}

/** g_k = N^k g/k! with g the last unit vector: the response to an impulse is e^{−λs} Σ g_k s^k. */
function impulseCoefficients(nilpotent: Matrix): Matrix[] {
  const order = nilpotent.rows;
  const last = new Matrix(order, 1);
  last.set(order - 1, 0, 1);
  const coefficients = [last];
  for (let power = 1; power < order; power++) {
    const next = multiply(nilpotent, coefficients[power - 1] as Matrix);
    coefficients.push(plus(new Matrix(order, 1), next, 1 / power));
  }
  return coefficients;
}

function decayed(nilpotent: Matrix, rate: number, elapsed: number): Matrix {
  const order = nilpotent.rows;
  let term = Matrix.identity(order);
  let total = term;
  for (let power = 1; power < order; power++) {
    term = plus(new Matrix(order, order), multiply(term, nilpotent), elapsed / power);
    total = plus(total, term);
  }
  return plus(new Matrix(order, order), total, Math.exp(-rate * elapsed));
}

/** density · Σ_jk g_j g_kᵀ ∫₀^Δ s^(j+k) e^{−2λs} ds. */
function integral(pushed: readonly Matrix[], rate: number, elapsed: number, density: number): Matrix {
  const order = pushed.length;
  let total = new Matrix(order, order);
  pushed.forEach((left, j) => {
    pushed.forEach((right, k) => {
      const weight = density * momentUnderDecay(j + k, 2 * rate, elapsed);
      total = plus(total, multiply(left, right.transpose()), weight);
    });
  });
  return total;
}

/** ∫₀^Δ s^k e^{−rs} ds = k!/r^(k+1) · P(k + 1, rΔ), with P the regularised lower incomplete gamma function. */
function momentUnderDecay(power: number, rate: number, elapsed: number): number {
  let scale = 1 / rate;
  for (let factor = 1; factor <= power; factor++) scale *= factor / rate;
  const x = rate * elapsed;
  if (x === Number.POSITIVE_INFINITY) return scale;
  let term = Math.exp(-x);
  if (x < power + 2) {
    // The tail of the Poisson distribution, upwards: all terms are positive.
    for (let index = 1; index <= power + 1; index++) term *= x / index;
    let total = 0;
    for (let index = power + 2; term > total * Number.EPSILON; index++) {
      total += term;
      term *= x / index;
    }
    return scale * total;
  }
  let below = term;
  for (let index = 1; index <= power; index++) {
    term *= x / index;
    below += term;
  }
  return scale * (1 - below);
}

import { entry } from "../linear-algebra/matrix.ts";
import { meanOf } from "./chains.ts";

/**
 * Autocovariances at lags 0 … n − 1, each divided by n (not n − k): biased, and for that positive semi-definite.
 *
 *     c_k = (1/n) Σ_t (x_t − x̄)(x_{t+k} − x̄)
 *
 * By the power spectrum of the series padded with zeros to at least 2n: O(n log n), round-off about 1e-15 of c₀.
 *
 * @see Brockwell & Davis (1991), Time Series: Theory and Methods, §7.2 and §10.1.
 */
export function autocovariance(series: ArrayLike<number>): Float64Array {
  const length = series.length;
  const size = 2 ** Math.ceil(Math.log2(Math.max(2 * length, 2)));
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  const mean = meanOf(series);
  for (let index = 0; index < length; index++) real[index] = entry(series, index) - mean;
  fourierTransform(real, imaginary);
  for (let index = 0; index < size; index++) {
    real[index] = entry(real, index) ** 2 + entry(imaginary, index) ** 2;
    imaginary[index] = 0;
  }
  // The spectrum is real and even: its transform and its inverse transform differ by the factor `size` alone.
  fourierTransform(real, imaginary);
  return real.slice(0, length).map((sum) => sum / size / length);
}

/**
 * X_k = Σ_t x_t e^(−2πi kt/n) in place; n a power of two.
 * @see Cooley & Tukey (1965), Math. Comp. 19.
 */
function fourierTransform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  permuteByReversedBits(real, imaginary);
  for (let width = 2; width <= size; width *= 2) {
    const half = width / 2;
    for (let offset = 0; offset < half; offset++) {
      const angle = (-2 * Math.PI * offset) / width;
      const cosine = Math.cos(angle);
      const sine = Math.sin(angle);
      for (let top = offset; top < size; top += width) {
        const bottom = top + half;
        const re = entry(real, bottom) * cosine - entry(imaginary, bottom) * sine;
        const im = entry(real, bottom) * sine + entry(imaginary, bottom) * cosine;
        real[bottom] = entry(real, top) - re;
        imaginary[bottom] = entry(imaginary, top) - im;
        real[top] = entry(real, top) + re;
        imaginary[top] = entry(imaginary, top) + im;
      }
    }
  }
}

function permuteByReversedBits(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let index = 1, reversed = 0; index < size; index++) {
    let bit = size >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (index >= reversed) continue;
    swap(real, index, reversed);
    swap(imaginary, index, reversed);
  }
}

function swap(vector: Float64Array, left: number, right: number): void {
  const kept = entry(vector, left);
  vector[left] = entry(vector, right);
  vector[right] = kept;
}

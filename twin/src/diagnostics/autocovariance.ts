import { entry } from "../linear-algebra/matrix.ts";
import { sampleMean } from "../probability/sample-moments.ts";
import type { Chains } from "./chains.ts";

/**
 * Autocovariances of series of one length n at lags 0 … n − 1, each divided by n (not n − k), averaged over the series: biased,
 * and for that positive semi-definite.
 *
 *     c_k = (1/n) Σ_t (x_t − x̄)(x_{t+k} − x̄)
 *
 * By the power spectrum of the series padded with zeros to at least 2n: O(n log n), round-off about 1e-15 of c₀. Two series are
 * transformed at once, as x + iy: what they add to |X + iY|² beyond |X|² + |Y|² is odd and has an imaginary transform.
 *
 * @see Brockwell & Davis (1991), Time Series: Theory and Methods, §7.2 and §10.1.
 */
export function meanAutocovariance(series: Chains): Float64Array {
  const length = series[0]?.length ?? 0;
  const transform = new FourierTransform(2 ** Math.ceil(Math.log2(Math.max(2 * length, 2))));
  const { size } = transform;
  const power = new Float64Array(size);
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  for (let first = 0; first < series.length; first += 2) {
    centreInto(real, series[first]);
    centreInto(imaginary, series[first + 1]);
    transform.apply(real, imaginary);
    for (let index = 0; index < size; index++)
      power[index] = entry(power, index) + entry(real, index) ** 2 + entry(imaginary, index) ** 2;
  }
  // The even part of the spectrum is real: its transform and its inverse transform differ by the factor `size` alone.
  imaginary.fill(0);
  transform.apply(power, imaginary);
  return power.slice(0, length).map((sum) => sum / size / length / series.length);
}

/** `out` ← series − its mean, then zeros; nothing but zeros without a series. */
function centreInto(out: Float64Array, series: ArrayLike<number> | undefined): void {
  out.fill(0);
  if (series === undefined) return;
  const mean = sampleMean(series);
  for (let index = 0; index < series.length; index++) out[index] = entry(series, index) - mean;
}

/**
 * X_k = Σ_t x_t e^(−2πi kt/n) in place; n a power of two.
 * @see Cooley & Tukey (1965), Math. Comp. 19.
 */
class FourierTransform {
  readonly size: number;
  /** e^(−2πi k/n), k < n/4; others are products of these. */
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.#cosines = new Float64Array(size >> 2);
    this.#sines = new Float64Array(size >> 2);
    for (let index = 0; index < size >> 2; index++) {
      const angle = (-2 * Math.PI * index) / size;
      this.#cosines[index] = Math.cos(angle);
      this.#sines[index] = Math.sin(angle);
    }
  }

  apply(real: Float64Array, imaginary: Float64Array): void {
    permuteByReversedBits(real, imaginary);
    let length = 1;
    if (Math.log2(this.size) % 2 === 1) {
      addAndSubtract(real);
      addAndSubtract(imaginary);
      length = 2;
    }
    for (; length < this.size; length *= 4)
      for (let start = 0; start < this.size; start += 4 * length)
        this.#joinFour(real, imaginary, start, length);
  }

  /** The transform of four neighbouring stretches of `length` entries from their own: two passes of the usual kind in one. */
  #joinFour(re: Float64Array, im: Float64Array, start: number, length: number): void {
    const cosines = this.#cosines;
    const sines = this.#sines;
    const stride = this.size / (4 * length);
    for (let offset = 0; offset < length; offset++) {
      const a = start + offset;
      const b = a + length;
      const c = b + length;
      const d = c + length;
      const cos1 = entry(cosines, offset * stride);
      const sin1 = entry(sines, offset * stride);
      const cos2 = cos1 * cos1 - sin1 * sin1;
      const sin2 = 2 * cos1 * sin1;
      const cos3 = cos1 * cos2 - sin1 * sin2;
      const sin3 = cos1 * sin2 + sin1 * cos2;
      const bRe = entry(re, b) * cos2 - entry(im, b) * sin2;
      const bIm = entry(re, b) * sin2 + entry(im, b) * cos2;
      const cRe = entry(re, c) * cos1 - entry(im, c) * sin1;
      const cIm = entry(re, c) * sin1 + entry(im, c) * cos1;
      const dRe = entry(re, d) * cos3 - entry(im, d) * sin3;
      const dIm = entry(re, d) * sin3 + entry(im, d) * cos3;
      const aRe = entry(re, a);
      const aIm = entry(im, a);
      re[a] = aRe + bRe + (cRe + dRe);
      im[a] = aIm + bIm + (cIm + dIm);
      re[c] = aRe + bRe - (cRe + dRe);
      im[c] = aIm + bIm - (cIm + dIm);
      re[b] = aRe - bRe + (cIm - dIm);
      im[b] = aIm - bIm - (cRe - dRe);
      re[d] = aRe - bRe - (cIm - dIm);
      im[d] = aIm - bIm + (cRe - dRe);
    }
  }
}

/** The transforms of all pairs of neighbours. */
function addAndSubtract(vector: Float64Array): void {
  for (let index = 0; index < vector.length; index += 2) {
    const kept = entry(vector, index);
    const next = entry(vector, index + 1);
    vector[index] = kept + next;
    vector[index + 1] = kept - next;
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

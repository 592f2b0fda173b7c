import { chebyshev } from "./polynomial.ts";

/** (1 + 2x) erfcx(x) as a Chebyshev series in (x − 3.75)/(x + 3.75), computed to 40 digits: one fit for all x ≥ 0. */
const SCALED_TAIL: readonly number[] = [
  1.1775789345674017, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189, -0.026658668435305753,
  0.009074997670705265, -0.002413163540417608, 0.0004907758365258086, -6.916973302501207e-5,
  4.13902798607301e-6, 7.74038306619849e-7, -2.1886401049234397e-7, 1.076499946567091e-8,
  4.521959811218287e-9, -7.754400208831351e-10, -6.318088340886684e-11, 2.86879501093067e-11,
  1.9455868545777347e-13, -9.65469674843344e-13, 3.25254814814874e-14, 3.3478119482868056e-14,
  -1.864562880419313e-15, -1.2507950530688648e-15, 7.418235256624044e-17, 5.068148904796111e-17,
];

/**
 * erfcx(x) = e^{x²} erfc(x) for x ≥ 0: the tail without its decay, so that logarithms of tails never meet ln 0.
 * Relative error below 1e-15.
 * @see Schonfelder (1978), Math. Comp. 32, whose variable and bounds this series follows.
 */
export const scaledErfc = (x: number): number =>
  x === Number.POSITIVE_INFINITY ? 0 : chebyshev(SCALED_TAIL, (x - 3.75) / (x + 3.75)) / (1 + 2 * x);

/** 1 − erf(x), with its own digits however small. */
export const erfc = (x: number): number => (x < 0.5 ? 1 - erf(x) : scaledErfc(x) * decay(x, 1));

/** (2/√π) ∫₀ˣ e^{−t²} dt, by the series of positive terms e^{−x²} Σ 2ⁿ x^{2n+1}/(2n + 1)!! below |x| = 1. */
export function erf(x: number): number {
  if (Math.abs(x) > 1) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > Number.EPSILON * 0.1 * Math.abs(sum); odd += 2) {
    term *= (2 * x * x) / odd;
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** e^{−rate·x²}; x is split so that rounding x² does not cost x² units in the last place. */
export function decay(x: number, rate: number): number {
  if (!(Math.abs(x) < 1e3)) return Math.exp(-rate * x * x);
  const head = Math.round(x * 16) / 16;
  return Math.exp(-rate * head * head) * Math.exp(-rate * (x - head) * (x + head));
}

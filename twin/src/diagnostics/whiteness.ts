import { TwinError } from "../errors.ts";
import { entry } from "../linear-algebra/matrix.ts";
import { chiSquaredSurvival } from "../probability/chi-squared.ts";
import { fCdf, fSurvival } from "../probability/f.ts";
import { standardNormalCdf } from "../probability/normal.ts";

/*
 * Are standardised innovations v/√F what a right model leaves: white, normal, of constant variance? Missing values are NaN and
 * keep their place in time.
 * Source: Durbin & Koopman (2012), Time Series Analysis by State Space Methods, §2.12 and §7.5; Harvey (1989), §5.4.
 */

export interface Portmanteau {
  readonly lags: number;
  readonly statistic: number;
  readonly freedom: number;
  readonly p: number;
}

/**
 * Autocorrelations at lags 1 … `lags`; ±1.96/√n holds 95 % of each when white. A pair counts where both are present.
 *
 *     r_k = Σ_t e_t e_{t+k}/Σ_t e_t²,   e = z − z̄
 */
export function autocorrelations(innovations: ArrayLike<number>, lags: number): Float64Array {
  return lagged(innovations, lags).correlations;
}

/** r₁ about 0, Σ e_t e_{t−1}/Σ e_t²: residuals of one sign follow each other too. NaN of zeros alone. */
export function lagOneAboutZero(residuals: ArrayLike<number>): number {
  let products = 0;
  let squares = 0;
  for (let index = 0; index < residuals.length; index++) {
    squares += entry(residuals, index) ** 2;
    if (index > 0) products += entry(residuals, index) * entry(residuals, index - 1);
  }
  return products / squares;
}

/**
 * Ljung and Box: Q(m) = n (n + 2) Σ_k r_k²/(n − k) ~ χ²(m − fitted). With missing values n counts those present and n − k becomes
 * the number of pairs, since Var r_k ≈ pairs/n².
 *
 * @param fitted parameters estimated from the same series (variances of a structural model: their number less one).
 * @see Ljung & Box (1978), Biometrika 65; Stoffer & Toloi (1992), Stat. Probab. Lett. 13, for missing values.
 */
export function ljungBox(innovations: ArrayLike<number>, lags: number, fitted = 0): Portmanteau {
  const freedom = lags - fitted;
  if (!(Number.isInteger(fitted) && fitted >= 0 && freedom > 0))
    throw new TwinError(
      "BAD_LAGS",
      `${lags} lags after ${fitted} fitted parameters`,
      "more lags than fitted parameters are needed",
    );
  const { correlations, pairs, present } = lagged(innovations, lags);
  let statistic = 0;
  for (let lag = 1; lag <= lags; lag++) {
    if (entry(pairs, lag - 1) === 0)
      throw new TwinError(
        "TOO_FEW_VALUES",
        `no two values lie ${lag} steps apart`,
        "ask for fewer lags, or bring a series with fewer gaps",
      );
    statistic += entry(correlations, lag - 1) ** 2 / entry(pairs, lag - 1);
  }
  statistic *= present * (present + 2);
  return { lags, statistic, freedom, p: chiSquaredSurvival(statistic, freedom) };
}

function lagged(
  innovations: ArrayLike<number>,
  lags: number,
): { readonly correlations: Float64Array; readonly pairs: Float64Array; readonly present: number } {
  const values = presentValues(innovations);
  if (!(Number.isInteger(lags) && lags > 0 && lags < innovations.length))
    throw new TwinError(
      "BAD_LAGS",
      `${lags} lags of a series of ${innovations.length}`,
      "expected a whole number from 1 to the series' length less one",
    );
  const { mean, second } = centralMoments(values);
  const correlations = new Float64Array(lags);
  const pairs = new Float64Array(lags);
  for (let lag = 1; lag <= lags; lag++) {
    let sum = 0;
    let count = 0;
    for (let time = 0; time + lag < innovations.length; time++) {
      const product = (entry(innovations, time) - mean) * (entry(innovations, time + lag) - mean);
      if (Number.isNaN(product)) continue;
      sum += product;
      count++;
    }
    correlations[lag - 1] = sum / (second * values.length);
    pairs[lag - 1] = count;
  }
  return { correlations, pairs, present: values.length };
}

export interface NormalityTest {
  readonly statistic: number;
  /** m₃/m₂^1.5: 0 for a normal. */
  readonly skewness: number;
  /** m₄/m₂²: 3 for a normal. */
  readonly kurtosis: number;
  readonly p: number;
}

/**
 * Jarque and Bera: n/6 (S² + (K − 3)²/4) ~ χ²(2). The approximation is slow: below a hundred values p is too large near 0.05.
 * @see Jarque & Bera (1987), Int. Stat. Rev. 55.
 */
export function jarqueBera(innovations: ArrayLike<number>): NormalityTest {
  const values = presentValues(innovations);
  const { second, third, fourth } = centralMoments(values);
  const skewness = third / second ** 1.5;
  const kurtosis = fourth / second ** 2;
  const statistic = (values.length / 6) * (skewness ** 2 + (kurtosis - 3) ** 2 / 4);
  return { statistic, skewness, kurtosis, p: Math.exp(-statistic / 2) };
}

export interface VarianceBreak {
  /** h, values in each part. */
  readonly part: number;
  /** Squares of the last h over squares of the first h. */
  readonly ratio: number;
  /** Two-sided, F(h, h). */
  readonly p: number;
}

/**
 * H(h) = Σ last h of z²/Σ first h of z² ~ F(h, h): did the variance change? h is a third of the values present by default.
 * @see Goldfeld & Quandt (1965), JASA 60; Harvey (1989), §5.4.2.
 */
export function varianceBreak(innovations: ArrayLike<number>, part?: number): VarianceBreak {
  const values = presentValues(innovations);
  const size = part ?? Math.round(values.length / 3);
  if (!(Number.isInteger(size) && size > 0 && 2 * size <= values.length))
    throw new TwinError("BAD_PART", `parts of ${size} in ${values.length} values`, "two parts must fit");
  const squares = (stretch: Float64Array): number => stretch.reduce((sum, value) => sum + value * value, 0);
  const ratio = squares(values.subarray(values.length - size)) / squares(values.subarray(0, size));
  return { part: size, ratio, p: 2 * Math.min(fCdf(ratio, size, size), fSurvival(ratio, size, size)) };
}

export interface RunsTest {
  readonly runs: number;
  readonly expected: number;
  /** Normal score: negative = values of one sign keep together. */
  readonly score: number;
  readonly p: number;
}

/**
 * Runs of one sign; a gap does not end a run, zeros are left out. Needs no moments: robust where Ljung–Box is not.
 *
 *     E = 1 + 2ab/n,  Var = (E − 1)(E − 2)/(n − 1)       a, b: numbers of either sign
 *
 * @see Wald & Wolfowitz (1940), Ann. Math. Stat. 11.
 */
export function runsTest(innovations: ArrayLike<number>): RunsTest {
  const signs = presentValues(innovations)
    .filter((value) => value !== 0)
    .map(Math.sign);
  const positive = signs.filter((sign) => sign > 0).length;
  const negative = signs.length - positive;
  if (positive === 0 || negative === 0)
    throw new TwinError(
      "ONE_SIGN",
      `all ${signs.length} values have one sign`,
      "runs need both: innovations of one sign are biased, whatever their order",
    );
  let runs = 1;
  for (let index = 1; index < signs.length; index++) if (signs[index] !== signs[index - 1]) runs++;
  const expected = 1 + (2 * positive * negative) / signs.length;
  const score = (runs - expected) / Math.sqrt(((expected - 1) * (expected - 2)) / (signs.length - 1));
  return { runs, expected, score, p: 2 * standardNormalCdf(-Math.abs(score)) };
}

function centralMoments(values: Float64Array): {
  readonly mean: number;
  readonly second: number;
  readonly third: number;
  readonly fourth: number;
} {
  // From the first value on: equal values then give no moment of round-off.
  const first = entry(values, 0);
  const mean = first + values.reduce((sum, value) => sum + (value - first), 0) / values.length;
  const moment = (power: number): number =>
    values.reduce((sum, value) => sum + (value - mean) ** power, 0) / values.length;
  const second = moment(2);
  if (!(second > 0))
    throw new TwinError(
      "CONSTANT_SERIES",
      `all ${values.length} values are ${mean}`,
      "innovations that never change come from a stuck sensor or a filter that is not fed",
    );
  return { mean, second, third: moment(3), fourth: moment(4) };
}

/** @throws {TwinError} BAD_INNOVATION for an infinite value, TOO_FEW_VALUES below four present. */
function presentValues(innovations: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(innovations).filter((value) => !Number.isNaN(value));
  const infinite = values.findIndex((value) => !Number.isFinite(value));
  if (infinite >= 0)
    throw new TwinError(
      "BAD_INNOVATION",
      `the ${infinite + 1}th value present is ${values[infinite]}`,
      "innovations are finite; a missing one is NaN",
    );
  if (values.length < 4)
    throw new TwinError("TOO_FEW_VALUES", `${values.length} values are present`, "at least four are needed");
  return values;
}

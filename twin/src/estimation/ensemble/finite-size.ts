import { TwinError } from "../../errors.ts";
import type { EnsembleAnalysis } from "./analysis.ts";
import type { Deviations } from "./deviations.ts";
import type { ObservedEnsemble } from "./observed.ts";
import { Spectrum } from "./spectrum.ts";
import { applySpectrum } from "./square-root-transform.ts";

export interface FiniteSizeOptions {
  /**
   * How certain the hyper-prior is, as a multiple of what N independent members would make it. 1 for models that are
   * strongly chaotic or noisy; above 1 for nearly linear ones, whose ensembles lose less in a cycle. Positive.
   */
  readonly certainty?: number;
}

/**
 * The finite-size ensemble filter: mean and covariance of the prior are unknown and known only through N members. With
 * Jeffreys' hyper-prior they integrate out, and the dual of the problem leaves a single number, the inflation l of the
 * prior anomalies, chosen anew for every reading by the reading itself:
 *
 *     min over l of   Σ_j d_j²/((N − 1)(1 + l²λ_j)) + e/l² + c ln l²,     e = (N + 1)/N,   c = N/(N − 1)
 *
 * after which the square-root transform is applied to the inflated ensemble. The mode of the hyper-prior is moved towards
 * l = 1 by m = (e/c)^(κ/2), e ← e/m, c ← c m, κ the mean share of the prior in the posterior: readings that say nothing
 * must not inflate. Both are multiplied by `certainty`. No inflation has to be tuned in a model without error of its own.
 *
 * @see Bocquet (2011), Nonlin. Processes Geophys. 18; Bocquet, Raanes & Hannart (2015), ibid. 22, §3 and §5.3; Raanes,
 *   Bocquet & Carrassi (2019), Q. J. R. Meteorol. Soc. 145, §2.
 */
export const finiteSize = (options: FiniteSizeOptions = {}): EnsembleAnalysis => {
  const certainty = options.certainty ?? 1;
  if (!(certainty > 0 && certainty < Number.POSITIVE_INFINITY))
    throw new TwinError(
      "BAD_OPTION",
      `the certainty of the hyper-prior is ${certainty}`,
      "expected a positive number: 1 for chaotic or noisy models, up to about 2 for nearly linear ones",
    );
  const spectrum = new Spectrum();
  return {
    name: "finite size (EnKF-N)",
    analyse(prior: Deviations, observed: ObservedEnsemble): void {
      spectrum.decompose(observed.anomalies, observed.columns, observed.innovation);
      const { values } = spectrum;
      spectrum.inflate(inflationOf(values, spectrum.alignments(), prior.anomalies.length, certainty));
      applySpectrum(spectrum, prior);
    },
  };
};

/** Where the search looks for l²: an ensemble a thousand times too narrow is beyond rescue by one reading. */
const LOWEST = 1e-4;
const HIGHEST = 1e6;
const GRID = 60;

/**
 * The minimising l. With z = l² the derivative has the sign of
 *
 *     g(z) = c − e/z − Σ_j a_j z/((N − 1)(1 + zλ_j)²),    a_j = λ_j d_j²
 *
 * which rises from −∞ to c but not always monotonically: of the crossings found on a grid the one of least cost is taken.
 */
function inflationOf(
  values: Float64Array,
  alignments: Float64Array,
  count: number,
  certainty: number,
): number {
  let prior = Math.max(0, count - values.length);
  for (const value of values) prior += 1 / (1 + value);
  const e = (count + 1) / count;
  const c = count / (count - 1);
  const modeShift = (e / c) ** (prior / (2 * count));
  const ends = { e: (certainty * e) / modeShift, c: certainty * c * modeShift };
  const slope = (z: number): number => {
    let sum = 0;
    for (let index = 0; index < values.length; index++)
      sum += (alignments[index] as number) / (1 + z * (values[index] as number)) ** 2;
    return ends.c - ends.e / z - (z * sum) / (count - 1);
  };
  const cost = (z: number): number => {
    // d²/(1 + zλ) = d² − zλd²/(1 + zλ), of which the first term does not depend on z.
    let sum = 0;
    for (let index = 0; index < values.length; index++)
      sum += ((alignments[index] as number) * z) / (1 + z * (values[index] as number));
    return -sum / (count - 1) + ends.e / z + ends.c * Math.log(z);
  };
  // Where the cost still falls at the end of the grid, the end it is.
  let best = HIGHEST;
  let least = Number.POSITIVE_INFINITY;
  const ratio = (HIGHEST / LOWEST) ** (1 / GRID);
  for (let low = LOWEST, before = slope(LOWEST); low < HIGHEST; low *= ratio) {
    const after = slope(low * ratio);
    if (before < 0 && after >= 0) {
      const z = crossing(slope, low, low * ratio);
      const here = cost(z);
      if (here < least) [best, least] = [z, here];
    }
    before = after;
  }
  return Math.sqrt(best);
}

/** Bisection on a logarithmic scale, to 1e-12 relative. */
function crossing(slope: (z: number) => number, below: number, above: number): number {
  let low = below;
  let high = above;
  while (high / low > 1 + 1e-12) {
    const middle = Math.sqrt(low * high);
    if (middle <= low || middle >= high) break;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}

import { entry } from "../linear-algebra/matrix.ts";
import { standardNormalQuantile } from "../probability/normal.ts";
import { type Chains, pooled } from "./chains.ts";

/** Ranks 1 … n; equal values share the mean of their ranks. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const sorted = new Float64Array(values).sort();
  const ranks = new Float64Array(sorted.length);
  for (let index = 0; index < ranks.length; index++) {
    const value = entry(values, index);
    const below = countBelow(sorted, value);
    const isAlone = sorted[below + 1] !== value;
    ranks[index] = isAlone ? below + 1 : (below + 1 + countUpTo(sorted, value)) / 2;
  }
  return ranks;
}

/** How many of the ascending values are less. */
function countBelow(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entry(sorted, middle) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many are not greater. */
function countUpTo(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entry(sorted, middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Draws replaced by normal scores of their ranks in all chains together, so that what follows holds without moments.
 *
 *     z = Φ⁻¹((r − 3/8)/(S + 1/4))
 *
 * @see Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), Bayesian Analysis 16(2), eq. 14; Blom (1958) for the offset.
 */
export function normalScores(chains: Chains): Float64Array[] {
  const ranks = averageRanks(pooled(chains));
  const total = ranks.length;
  let offset = 0;
  return chains.map((chain) => {
    const scores = ranks
      .slice(offset, offset + chain.length)
      .map((rank) => standardNormalQuantile((rank - 0.375) / (total + 0.25)));
    offset += chain.length;
    return scores;
  });
}

/**
 * The counts of a rank plot: row = chain, column = bin of the rank among all draws. Chains that agree give even rows.
 * @see Vehtari et al. (2021), §4.3 (rank plots instead of traces).
 */
export function rankCounts(chains: Chains, bins = 20): Uint32Array[] {
  const ranks = averageRanks(pooled(chains));
  let offset = 0;
  return chains.map((chain) => {
    const counts = new Uint32Array(bins);
    for (let draw = 0; draw < chain.length; draw++) {
      const bin = Math.min(bins - 1, Math.floor(((entry(ranks, offset + draw) - 0.5) * bins) / ranks.length));
      counts[bin] = entry(counts, bin) + 1;
    }
    offset += chain.length;
    return counts;
  });
}

import { entry } from "../linear-algebra/matrix.ts";
import { standardNormalQuantile } from "../probability/normal.ts";
import { type Chains, pooled } from "./chains.ts";

/** Ranks 1 … n; equal values share the mean of their ranks. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, index) => index).sort(
    (left, right) => entry(values, left) - entry(values, right),
  );
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    const value = entry(values, entry(order, start));
    let end = start + 1;
    while (end < order.length && entry(values, entry(order, end)) === value) end++;
    const shared = (start + 1 + end) / 2;
    for (let place = start; place < end; place++) ranks[entry(order, place)] = shared;
    start = end;
  }
  return ranks;
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

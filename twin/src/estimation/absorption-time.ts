import { Matrix } from "../linear-algebra/matrix.ts";

/** A Markov chain that ends: states 0 … n, of which 0 is the start; the others lie in order of a position. */
export interface EndingChain {
  /** n. */
  readonly inner: number;
  /** Furthest move between two inner states that has a probability. */
  readonly band: number;
  /** Probability to move between states, ≥ 0; asked for i ≠ j, and within the band for inner states. */
  move(from: number, to: number): number;
  /** Probability to end, ≥ 0, by its own formula and not as what the moves leave of 1. */
  end(from: number): number;
}

/**
 * Mean number of steps from state 0 to the end, L = (I − Q)⁻¹ 1, by state reduction: state s is taken out and its paths
 * and its time are given to those that lead to it,
 *
 *     f = q_is / (e_s + Σ_{j<s} q_sj),   q_ij += f q_sj,   e_i += f e_s,   t_i += f t_s
 *
 * Nothing is subtracted: every entry keeps its relative accuracy however near to singular I − Q is, where LU has no
 * digit left from mean times of 1e15 on. Elements of Q within the band only: O(n band²).
 *
 * @returns ∞ when the end is out of reach in doubles.
 * @see Grassmann, Taksar & Heyman (1985), Operations Research 33; O'Cinneide (1993), Numerische Mathematik 65.
 */
export function meanAbsorptionTime({ inner, band, move, end }: EndingChain): number {
  // Row s − 1: from inner state s to those `offset − band` further.
  const moves = new Matrix(inner, 2 * band + 1);
  const toStart = new Float64Array(inner + 1);
  const fromStart = new Float64Array(inner + 1);
  const ends = new Float64Array(inner + 1);
  const times = new Float64Array(inner + 1).fill(1);
  ends[0] = end(0);
  for (let from = 1; from <= inner; from++) {
    ends[from] = end(from);
    toStart[from] = move(from, 0);
    fromStart[from] = move(0, from);
    for (let to = Math.max(1, from - band); to <= Math.min(inner, from + band); to++)
      if (to !== from) moves.set(from - 1, to - from + band, move(from, to));
  }
  for (let state = inner; state > 0; state--) {
    const lowest = Math.max(1, state - band);
    let out = (ends[state] as number) + (toStart[state] as number);
    for (let to = lowest; to < state; to++) out += moves.get(state - 1, to - state + band);
    if (out === 0) return Number.POSITIVE_INFINITY;
    for (let from = lowest; from < state; from++) {
      const share = moves.get(from - 1, state - from + band) / out;
      if (share === 0) continue;
      for (let to = lowest; to < state; to++)
        moves.add(from - 1, to - from + band, share * moves.get(state - 1, to - state + band));
      give(share, state, from, toStart, ends, times);
    }
    const share = (fromStart[state] as number) / out;
    for (let to = lowest; to < state; to++)
      fromStart[to] = (fromStart[to] as number) + share * moves.get(state - 1, to - state + band);
    give(share, state, 0, undefined, ends, times);
  }
  return (times[0] as number) / (ends[0] as number);
}

function give(
  share: number,
  state: number,
  from: number,
  toStart: Float64Array | undefined,
  ends: Float64Array,
  times: Float64Array,
): void {
  if (toStart) toStart[from] = (toStart[from] as number) + share * (toStart[state] as number);
  ends[from] = (ends[from] as number) + share * (ends[state] as number);
  times[from] = (times[from] as number) + share * (times[state] as number);
}

import { TwinError } from "../errors.ts";
import { entry } from "../linear-algebra/matrix.ts";

/**
 * Quantile of a sample, linear between order statistics: at position 1 + (n − 1)p.
 * @param sorted ascending, not empty.
 * @see Hyndman & Fan (1996), Am. Stat. 50(4), type 7.
 */
export function sampleQuantile(sorted: ArrayLike<number>, probability: number): number {
  if (sorted.length === 0 || !(probability >= 0 && probability <= 1))
    throw new TwinError(
      "BAD_QUANTILE",
      `quantile ${probability} of ${sorted.length} values`,
      "expected a probability in [0, 1] and at least one value",
    );
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = entry(sorted, below);
  const high = entry(sorted, Math.min(below + 1, sorted.length - 1));
  return low + (position - below) * (high - low);
}

import { TwinError } from "../errors.ts";

/** Draws of one quantity in the order in which they were drawn, chain by chain; all chains of one length. */
export type Chains = readonly ArrayLike<number>[];

/** Halves of three draws are the least from which an autocorrelation can be told. */
const FEWEST_DRAWS = 6;

/**
 * @throws {TwinError} NO_CHAINS, BAD_SHAPE for chains of unequal length, TOO_FEW_DRAWS below six a chain, BAD_DRAW for a
 *   draw that is not finite.
 */
export function checkChains(chains: Chains): void {
  const first = chains[0];
  if (first === undefined)
    throw new TwinError("NO_CHAINS", "there are 0 chains", "pass at least one chain; four tell more");
  for (const [index, chain] of chains.entries()) {
    if (chain.length !== first.length)
      throw new TwinError(
        "BAD_SHAPE",
        `chain ${index} has ${chain.length} draws, chain 0 has ${first.length}`,
        "chains must be equally long: cut all to the shortest",
      );
    if (chain.length < FEWEST_DRAWS)
      throw new TwinError(
        "TOO_FEW_DRAWS",
        `a chain of ${chain.length} draws`,
        `at least ${FEWEST_DRAWS} draws a chain are needed; hundreds are usual`,
      );
    for (let draw = 0; draw < chain.length; draw++)
      if (!Number.isFinite(chain[draw]))
        throw new TwinError(
          "BAD_DRAW",
          `draw ${draw} of chain ${index} is ${chain[draw]}`,
          "draws must be finite: look for failed model runs that were kept, or a divided-out variance",
        );
  }
}

/** Each chain as two: a chain that wanders then disagrees with itself. The middle draw of an odd number is left out. */
export function splitChains(chains: Chains): Float64Array[] {
  return chains.flatMap((chain) => {
    const half = Math.floor(chain.length / 2);
    const all = Float64Array.from(chain);
    return [all.slice(0, half), all.slice(chain.length - half)];
  });
}

export const mapChains = (chains: Chains, of: (draw: number) => number): Float64Array[] =>
  chains.map((chain) => Float64Array.from(chain, of));

export function pooled(chains: Chains): Float64Array {
  const all = new Float64Array(chains.reduce((sum, chain) => sum + chain.length, 0));
  let offset = 0;
  for (const chain of chains) {
    all.set(chain, offset);
    offset += chain.length;
  }
  return all;
}

export function isConstant(chains: Chains): boolean {
  const first = chains[0]?.[0];
  return chains.every((chain) => {
    for (let draw = 0; draw < chain.length; draw++) if (chain[draw] !== first) return false;
    return true;
  });
}

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Seeded dice for tests; independent of any generator in the product. */
export interface Random {
  /** Uniform on [0, 1). */
  uniform(): number;
  /** Standard normal: Marsaglia's polar method. */
  normal(): number;
  /** Whole number in [low, high]. */
  whole(low: number, high: number): number;
  /** A shuffled copy (Fisher–Yates). */
  shuffled<T>(items: readonly T[]): T[];
}

export function seeded(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  let spare: number | undefined;
  const whole = (low: number, high: number): number => uniformInt(generator, low, high);
  /** 32 bits are enough for noise, and twice as fast as 53. */
  const half = (): number => generator.next() / 2 ** 31;
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const u = half();
      const v = half();
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * scale;
      return u * scale;
    }
  };
  return {
    uniform: () => uniformFloat64(generator),
    normal,
    whole,
    shuffled: (items) => {
      const copy = [...items];
      for (let last = copy.length - 1; last > 0; last--) {
        const other = whole(0, last);
        [copy[last], copy[other]] = [copy[other]!, copy[last]!];
      }
      return copy;
    },
  };
}

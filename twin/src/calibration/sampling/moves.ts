import type { Dice } from "../../random/dice.ts";

/**
 * A proposal y from x that may look at a crowd of other points which do not move meanwhile. Returns the logarithm of
 * q(x | y)/q(y | x), Jacobians included: the point moves with probability min(1, e^{factor} π(y)/π(x)).
 */
export type Move = (
  point: Float64Array,
  crowd: readonly Float64Array[],
  dice: Dice,
  out: Float64Array,
) => number;

const STRETCH = 2;

/**
 * y = c + ζ (x − c), c from the crowd, density of ζ ∝ 1/√ζ on [1/2, 2]; factor ζ^{d−1}.
 * Blind to any affine change of coordinates.
 * @see Goodman & Weare (2010), Comm. Appl. Math. Comput. Sci. 5(1), §2.
 */
export const stretch: Move = (point, crowd, dice, out) => {
  const anchor = pick(crowd, dice);
  const zeta = ((STRETCH - 1) * dice.uniform() + 1) ** 2 / STRETCH;
  for (let index = 0; index < point.length; index++) {
    const centre = anchor[index] as number;
    out[index] = centre + zeta * ((point[index] as number) - centre);
  }
  return (point.length - 1) * Math.log(zeta);
};

/** Share of differential-evolution moves that jump the whole distance between two points: from mode to mode. */
const LEAPS = 0.1;
/** Relative breadth of the jitter that makes every point reachable. */
const JITTER = 1e-4;

/**
 * y = x + γ (a − b)(1 + ε), a, b from the crowd; γ = 2.38/√(2d), at times 1. Symmetric.
 * @see ter Braak (2006), Statistics and Computing 16, §2.
 */
export const differentialEvolution: Move = (point, crowd, dice, out) => {
  const first = Math.floor(dice.uniform() * crowd.length);
  const second = otherThan(first, crowd.length, dice);
  const gamma = dice.uniform() < LEAPS ? 1 : 2.38 / Math.sqrt(2 * point.length);
  const a = crowd[first] as Float64Array;
  const b = crowd[second] as Float64Array;
  for (let index = 0; index < point.length; index++) {
    const difference = (a[index] as number) - (b[index] as number);
    out[index] = (point[index] as number) + gamma * difference * (1 + JITTER * dice.normal());
  }
  return 0;
};

/**
 * y = x + γ P(a − b), P the projection on the line from c to x, γ uniform on [1.2, 2.2]; factor (|y − c|/|x − c|)^{d−1}.
 * @see ter Braak & Vrugt (2008), Statistics and Computing 18, §2.2.
 */
export const snooker: Move = (point, crowd, dice, out) => {
  const centre = Math.floor(dice.uniform() * crowd.length);
  const first = otherThan(centre, crowd.length, dice);
  let second = otherThan(centre, crowd.length, dice);
  while (second === first) second = otherThan(centre, crowd.length, dice);
  const c = crowd[centre] as Float64Array;
  const a = crowd[first] as Float64Array;
  const b = crowd[second] as Float64Array;
  let along = 0;
  let squared = 0;
  for (let index = 0; index < point.length; index++) {
    const line = (point[index] as number) - (c[index] as number);
    along += line * ((a[index] as number) - (b[index] as number));
    squared += line * line;
  }
  if (squared === 0) return Number.NEGATIVE_INFINITY;
  const step = ((1.2 + dice.uniform()) * along) / squared;
  for (let index = 0; index < point.length; index++) {
    const x = point[index] as number;
    out[index] = x + step * (x - (c[index] as number));
  }
  return (point.length - 1) * Math.log(Math.abs(1 + step));
};

const pick = (crowd: readonly Float64Array[], dice: Dice): Float64Array =>
  crowd[Math.floor(dice.uniform() * crowd.length)] as Float64Array;

function otherThan(taken: number, count: number, dice: Dice): number {
  const index = Math.floor(dice.uniform() * (count - 1));
  return index < taken ? index : index + 1;
}

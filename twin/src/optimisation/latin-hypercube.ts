import { Matrix } from "../linear-algebra/matrix.ts";
import type { Dice } from "../random/dice.ts";

/**
 * `points` × `dimensions` in (0, 1): each of the equal strata of each dimension holds exactly one point, at a uniform place
 * in it; the strata are shuffled independently.
 * @see McKay, Beckman & Conover (1979), Technometrics 21(2).
 */
export function latinHypercube(points: number, dimensions: number, dice: Dice): Matrix {
  const result = new Matrix(points, dimensions);
  for (let dimension = 0; dimension < dimensions; dimension++) {
    const own = dice.split(dimension);
    const strata = shuffled(points, own);
    for (let point = 0; point < points; point++)
      result.set(point, dimension, ((strata[point] as number) + own.uniform()) / points);
  }
  return result;
}

/** 0 … count − 1 in random order (Fisher and Yates). */
function shuffled(count: number, dice: Dice): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(dice.uniform() * (index + 1));
    [order[index], order[other]] = [order[other] as number, order[index] as number];
  }
  return order;
}

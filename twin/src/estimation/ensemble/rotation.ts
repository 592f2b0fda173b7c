import type { Dice } from "../../random/dice.ts";
import { addCombination, addScaled } from "./rows.ts";

/**
 * Turns the anomalies by a random orthogonal matrix that keeps the constant vector: mean and sample covariance stay, who
 * carries them changes. Square-root filters need it with few members, for their transforms never mix them by chance.
 *
 * Uniform over those matrices: reflectors of Gaussian vectors of N − 1, N − 2, … 1 entries and a random sign, applied
 * directly; a further reflector carries the constant vector to the first axis and back.
 * @see Stewart (1980), SIAM J. Numer. Anal. 17(3); Sakov & Oke (2008), Mon. Weather Rev. 136.
 */
export function rotate(anomalies: readonly Float64Array[], dice: Dice): void {
  const count = anomalies.length;
  const along = new Float64Array(anomalies[0]?.length ?? 0);
  const toAxis = new Float64Array(count).fill(1 / Math.sqrt(count));
  const direction = new Float64Array(count);
  addToHead(toAxis, 0);
  reflect(anomalies, toAxis, 0, along);
  for (let first = 1; first < count; first++) {
    for (let row = first; row < count; row++) direction[row] = dice.normal();
    if (first < count - 1) {
      addToHead(direction, first);
      reflect(anomalies, direction, first, along);
    }
    if (dice.uniform() < 0.5) negate(anomalies[first] as Float64Array);
  }
  reflect(anomalies, toAxis, 0, along);
}

/** Makes a direction the vector whose reflector takes it to the axis `first`; the sign avoids cancellation. */
function addToHead(vector: Float64Array, first: number): void {
  const norm = Math.sqrt(squaredNorm(vector, first));
  const head = vector[first] as number;
  vector[first] = head + (head >= 0 ? norm : -norm);
}

/** rows ← (I − 2vvᵀ/vᵀv) rows, for v that is zero before `first`. */
function reflect(
  rows: readonly Float64Array[],
  vector: Float64Array,
  first: number,
  along: Float64Array,
): void {
  const scale = -2 / squaredNorm(vector, first);
  along.fill(0);
  addCombination(along, vector, rows, along.length, first);
  for (let row = first; row < rows.length; row++)
    addScaled(rows[row] as Float64Array, scale * (vector[row] as number), along, along.length);
}

function squaredNorm(vector: Float64Array, first: number): number {
  let sum = 0;
  for (let index = first; index < vector.length; index++) sum += (vector[index] as number) ** 2;
  return sum;
}

function negate(row: Float64Array): void {
  for (let index = 0; index < row.length; index++) row[index] = -(row[index] as number);
}

import { TwinError } from "../errors.ts";
import { type Matrix, shapeError } from "./matrix.ts";
import { planeLength } from "./spans.ts";

/**
 * L becomes the factor of L Lᵀ + v vᵀ, in place, by plane rotations. `vector` is used up.
 * @see Golub & Van Loan (2013), Matrix Computations, §6.5.4.
 */
export function updateCholesky(factor: Matrix, vector: Float64Array): Matrix {
  checkShapes(factor, vector);
  const size = factor.rows;
  for (let column = 0; column < size; column++) {
    const diagonal = factor.get(column, column);
    const head = vector[column] as number;
    if (head === 0) continue;
    const length = planeLength(diagonal, head);
    const cosine = diagonal / length;
    const sine = head / length;
    factor.set(column, column, length);
    for (let row = column + 1; row < size; row++) {
      const entry = factor.get(row, column);
      const other = vector[row] as number;
      factor.set(row, column, cosine * entry + sine * other);
      vector[row] = cosine * other - sine * entry;
    }
  }
  return factor;
}

/**
 * L becomes the factor of L Lᵀ − v vᵀ, in place. `vector` is used up.
 *
 * With p = L⁻¹ v, rotations that turn (p, √(1 − pᵀp)) into (0, 1) from the last entry up carry L along: nothing hyperbolic, and
 * whether the difference is positive definite is known before L is touched.
 *
 * @throws {TwinError} NOT_POSITIVE_DEFINITE when pᵀp ≥ 1; L is then as it was.
 * @see Dongarra, Moler, Bunch & Stewart (1979), LINPACK Users' Guide, ch. 10 (CHDD); Stewart (1979), J. IMA 23.
 */
export function downdateCholesky(factor: Matrix, vector: Float64Array): Matrix {
  checkShapes(factor, vector);
  const size = factor.rows;
  let left = 1;
  for (let row = 0; row < size; row++) {
    let sum = vector[row] as number;
    for (let inner = 0; inner < row; inner++) sum -= factor.get(row, inner) * (vector[inner] as number);
    const solved = sum / factor.get(row, row);
    vector[row] = solved;
    left -= solved * solved;
  }
  if (!(left > 0)) throw notDefinite(size, left);
  rotateAway(factor, vector, Math.sqrt(left));
  return factor;
}

function rotateAway(factor: Matrix, solved: Float64Array, corner: number): void {
  const size = factor.rows;
  const cosines = new Float64Array(size);
  let length = corner;
  for (let index = size - 1; index >= 0; index--) {
    const entry = solved[index] as number;
    const next = planeLength(length, entry);
    cosines[index] = length / next;
    solved[index] = entry / next;
    length = next;
  }
  for (let row = 0; row < size; row++) {
    let carried = 0;
    for (let column = row; column >= 0; column--) {
      const cosine = cosines[column] as number;
      const sine = solved[column] as number;
      const entry = factor.get(row, column);
      factor.set(row, column, cosine * entry - sine * carried);
      carried = cosine * carried + sine * entry;
    }
  }
}

const notDefinite = (size: number, left: number): TwinError =>
  new TwinError(
    "NOT_POSITIVE_DEFINITE",
    `a ${size} × ${size} covariance minus v vᵀ is not positive definite: 1 − vᵀ A⁻¹ v is ${left}`,
    "take away less than there is: look for a weight that is negative, or a noise that is counted twice",
  );

function checkShapes(factor: Matrix, vector: Float64Array): void {
  if (factor.rows !== factor.columns || vector.length !== factor.rows)
    throw shapeError(
      `a factor of ${factor.rows} × ${factor.columns} and a vector of ${vector.length}`,
      "n × n and n entries",
    );
}

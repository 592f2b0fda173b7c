import { TwinError } from "../../errors.ts";
import { type Matrix, shapeError } from "../../linear-algebra/matrix.ts";
import { isDiagonal, requireSymmetric } from "../../linear-algebra/symmetric.ts";
import { symmetricEigen } from "../../linear-algebra/symmetric-eigen.ts";
import type { Dice } from "../../random/dice.ts";
import { addScaled, zeroRows } from "./rows.ts";

/** An eigenvalue that is negative by more than this share of the largest one is no round-off. */
const ROUND_OFF = 1e-12;

/**
 * A source of N(0, C) for symmetric, positive semi-definite C: Σ_k √λ_k v_k z_k over the eigenpairs with λ_k > 0.
 * Diagonal C, usual for sensors and models alike, costs n products a draw; directions without variance get no dice.
 */
export class CovarianceRoot {
  readonly size: number;
  /** Number of directions with variance. */
  readonly rank: number;
  readonly isDiagonal: boolean;
  /** √λ_k v_k, `rank` rows of n. */
  readonly #columns: readonly Float64Array[];

  /**
   * @param name what the caller calls it: "the process noise".
   * @throws {TwinError} NOT_FINITE, BAD_SHAPE, NOT_SYMMETRIC, NOT_POSITIVE_SEMIDEFINITE.
   */
  constructor(covariance: Matrix, size: number, name: string) {
    checkCovariance(covariance, size, name);
    this.size = size;
    this.isDiagonal = isDiagonal(covariance);
    this.#columns = this.isDiagonal ? axes(covariance, name) : principal(covariance, name);
    this.rank = this.#columns.length;
  }

  /** `out` ← `out` + one draw. */
  addDraw(dice: Dice, out: Float64Array): void {
    if (this.isDiagonal) {
      for (const column of this.#columns) {
        const index = column[0] as number;
        out[index] = (out[index] as number) + (column[1] as number) * dice.normal();
      }
      return;
    }
    for (const column of this.#columns) addScaled(out, dice.normal(), column, this.size);
  }

  /** Adds one draw to each row; the draws are centred and rescaled by √(N/(N − 1)): no shift of the mean, same covariance. */
  addCentredDraws(dice: Dice, rows: readonly Float64Array[]): void {
    if (this.rank === 0) return;
    const count = rows.length;
    const draws = zeroRows(count, this.size);
    const mean = new Float64Array(this.size);
    for (const draw of draws) {
      this.addDraw(dice, draw);
      addScaled(mean, 1 / count, draw, this.size);
    }
    const scale = Math.sqrt(count / (count - 1));
    rows.forEach((row, index) => {
      addScaled(row, scale, draws[index] as Float64Array, this.size);
      addScaled(row, -scale, mean, this.size);
    });
  }

  /** Rows √λ_k v_k with Σ_k (√λ_k v_k)(√λ_k v_k)ᵀ = C. */
  directions(): Float64Array[] {
    if (!this.isDiagonal) return this.#columns.map((column) => column.slice());
    return this.#columns.map((column) => {
      const row = new Float64Array(this.size);
      row[column[0] as number] = column[1] as number;
      return row;
    });
  }
}

function checkCovariance(covariance: Matrix, size: number, name: string): void {
  if (covariance.rows !== size || covariance.columns !== size)
    throw shapeError(`${name} is ${covariance.rows} × ${covariance.columns}`, `${size} × ${size}`);
  requireSymmetric(covariance, name);
}

/** Diagonal C: pairs of index and standard deviation. */
function axes(covariance: Matrix, name: string): Float64Array[] {
  const result: Float64Array[] = [];
  covariance.diagonal().forEach((variance, index) => {
    if (variance < 0) throw indefinite(name, variance);
    if (variance > 0) result.push(Float64Array.of(index, Math.sqrt(variance)));
  });
  return result;
}

function principal(covariance: Matrix, name: string): Float64Array[] {
  const { values, vectors } = symmetricEigen(covariance);
  const largest = values[values.length - 1] ?? 0;
  const result: Float64Array[] = [];
  values.forEach((value, index) => {
    if (value < -ROUND_OFF * Math.abs(largest) || largest < 0) throw indefinite(name, value);
    if (value <= 0) return;
    const root = Math.sqrt(value);
    result.push(Float64Array.from({ length: covariance.rows }, (_, row) => root * vectors.get(row, index)));
  });
  return result;
}

const indefinite = (name: string, value: number): TwinError =>
  new TwinError(
    "NOT_POSITIVE_SEMIDEFINITE",
    `${name} has the eigenvalue ${value}`,
    "a covariance has no negative eigenvalue: look for a variance with the wrong sign or a correlation beyond ±1",
  );

import { FactoredRows } from "./factored-rows.ts";
import { addCombination, gramInto, inner, zeroRows } from "./rows.ts";

/**
 * (I + SᵀS)⁻¹ by a Cholesky factor of it, or of the smaller I + SSᵀ when there are more readings than members:
 *
 *     S(I + SᵀS)⁻¹ = (I + SSᵀ)⁻¹S,        det(I + SᵀS) = det(I + SSᵀ)
 */
export class InnovationFactor {
  /** Whether the factored matrix is that of the members, N × N. */
  readonly inMembers: boolean;
  readonly #anomalies: readonly Float64Array[];
  readonly #columns: readonly Float64Array[];
  readonly #factor: FactoredRows;

  /** @param anomalies S, N rows of p; `columns` the same by p rows of N. */
  constructor(anomalies: readonly Float64Array[], columns: readonly Float64Array[]) {
    this.#anomalies = anomalies;
    this.#columns = columns;
    this.inMembers = columns.length > anomalies.length;
    const rows = this.inMembers ? anomalies : columns;
    const gram = zeroRows(rows.length, rows.length);
    gramInto(gram, rows, rows[0]?.length ?? 0);
    for (let index = 0; index < gram.length; index++) {
      const row = gram[index] as Float64Array;
      row[index] = (row[index] as number) + 1;
    }
    this.#factor = new FactoredRows(gram);
  }

  /** ln det(I + SᵀS). */
  logDeterminant(): number {
    return this.#factor.logDeterminant();
  }

  /** `out` ← S (I + SᵀS)⁻¹ departure, N. */
  weights(departure: Float64Array, out: Float64Array): void {
    if (this.inMembers) {
      for (let member = 0; member < this.#anomalies.length; member++)
        out[member] = inner(this.#anomalies[member] as Float64Array, departure, departure.length);
      this.#factor.solve(out);
      return;
    }
    const solved = departure.slice();
    this.#factor.solve(solved);
    out.fill(0);
    addCombination(out, solved, this.#columns, out.length);
  }

  /** B ← (I + SᵀS)⁻¹ B, or (I + SSᵀ)⁻¹ B when `inMembers`, by rows of `length`. */
  solveRows(rows: readonly Float64Array[], length: number): void {
    this.#factor.solveRows(rows, length);
  }
}

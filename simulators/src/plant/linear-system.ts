import { TwinError } from "@plumbline/twin/errors";

/**
 * A small dense system A·x = r, filled equation by equation and solved in place: Gaussian elimination with rows scaled
 * to their largest entry and partial pivoting (Golub & Van Loan §3.4).
 *
 * Raw indexing of typed arrays is kept to this file; every index is below `size` by construction.
 */
export class LinearSystem {
  readonly size: number;
  readonly #a: Float64Array;
  readonly #r: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.#a = new Float64Array(size * size);
    this.#r = new Float64Array(size);
  }

  clear(): void {
    this.#a.fill(0);
    this.#r.fill(0);
  }

  setRight(row: number, value: number): void {
    this.#r[row] = value;
  }

  add(row: number, column: number, value: number): void {
    const at = row * this.size + column;
    this.#a[at] = (this.#a[at] as number) + value;
  }

  /** Writes x into `into`; the system is used up. @throws {TwinError} SINGULAR_LINE naming the unknown. */
  solve(into: Float64Array): void {
    const { size } = this;
    for (let row = 0; row < size; row += 1) this.#scale(row);
    for (let pivot = 0; pivot < size; pivot += 1) {
      this.#bringUp(pivot);
      for (let row = pivot + 1; row < size; row += 1) this.#eliminate(row, pivot);
    }
    for (let row = size - 1; row >= 0; row -= 1) {
      let sum = this.#r[row] as number;
      for (let column = row + 1; column < size; column += 1)
        sum -= this.#at(row, column) * (into[column] as number);
      into[row] = sum / this.#at(row, row);
    }
  }

  #at(row: number, column: number): number {
    return this.#a[row * this.size + column] as number;
  }

  #scale(row: number): void {
    let largest = 0;
    for (let column = 0; column < this.size; column += 1)
      largest = Math.max(largest, Math.abs(this.#at(row, column)));
    if (largest === 0) return;
    for (let column = 0; column < this.size; column += 1)
      this.#a[row * this.size + column] = this.#at(row, column) / largest;
    this.#r[row] = (this.#r[row] as number) / largest;
  }

  #bringUp(pivot: number): void {
    let best = pivot;
    for (let row = pivot + 1; row < this.size; row += 1) {
      if (Math.abs(this.#at(row, pivot)) > Math.abs(this.#at(best, pivot))) best = row;
    }
    if (!(Math.abs(this.#at(best, pivot)) > 0)) {
      throw new TwinError(
        "SINGULAR_LINE",
        `the line's equations do not determine unknown ${pivot}`,
        "report the scenario that led here: the simulator cannot go on",
      );
    }
    if (best === pivot) return;
    for (let column = pivot; column < this.size; column += 1) {
      const held = this.#at(pivot, column);
      this.#a[pivot * this.size + column] = this.#at(best, column);
      this.#a[best * this.size + column] = held;
    }
    const held = this.#r[pivot] as number;
    this.#r[pivot] = this.#r[best] as number;
    this.#r[best] = held;
  }

  #eliminate(row: number, pivot: number): void {
    const factor = this.#at(row, pivot) / this.#at(pivot, pivot);
    if (factor === 0) return;
    for (let column = pivot + 1; column < this.size; column += 1) {
      const at = row * this.size + column;
      this.#a[at] = (this.#a[at] as number) - factor * this.#at(pivot, column);
    }
    this.#r[row] = (this.#r[row] as number) - factor * (this.#r[pivot] as number);
  }
}

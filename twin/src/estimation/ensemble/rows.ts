/**
 * Sets of vectors as rows of one buffer, and the few loops that ensembles spend their time in. Four sums or four rows
 * at a time: one running sum would wait for its own last addition.
 */

/** `count` zero vectors of `length`. */
export function zeroRows(count: number, length: number): Float64Array[] {
  const buffer = new Float64Array(count * length);
  return Array.from({ length: count }, (_, row) => buffer.subarray(row * length, (row + 1) * length));
}

/** Rows that are kept from one use to the next while their shape is the same; what they hold is left from before. */
export class ReusedRows {
  #rows: Float64Array[] = [];

  of(count: number, length: number): Float64Array[] {
    if (this.#rows.length !== count || this.#rows[0]?.length !== length) this.#rows = zeroRows(count, length);
    return this.#rows;
  }
}

/** Columns of the first `length` entries of each row. */
export function transposeInto(
  columns: readonly Float64Array[],
  rows: readonly Float64Array[],
  length: number,
): void {
  for (let row = 0; row < rows.length; row++) {
    const source = rows[row] as Float64Array;
    for (let column = 0; column < length; column++)
      (columns[column] as Float64Array)[row] = source[column] as number;
  }
}

/** `gram` ← rows · rowsᵀ, both triangles. */
export function gramInto(gram: readonly Float64Array[], rows: readonly Float64Array[], length: number): void {
  for (let row = 0; row < rows.length; row++) {
    const target = gram[row] as Float64Array;
    for (let column = 0; column <= row; column++) {
      const value = inner(rows[row] as Float64Array, rows[column] as Float64Array, length);
      target[column] = value;
      (gram[column] as Float64Array)[row] = value;
    }
  }
}

/** Σ left_i right_i over the first `length` entries. */
export function inner(left: Float64Array, right: Float64Array, length: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let index = 0;
  for (; index + 3 < length; index += 4) {
    a += (left[index] as number) * (right[index] as number);
    b += (left[index + 1] as number) * (right[index + 1] as number);
    c += (left[index + 2] as number) * (right[index + 2] as number);
    d += (left[index + 3] as number) * (right[index + 3] as number);
  }
  for (; index < length; index++) a += (left[index] as number) * (right[index] as number);
  return a + b + (c + d);
}

/** target ← target + scale · source over the first `length` entries. */
export function addScaled(target: Float64Array, scale: number, source: Float64Array, length: number): void {
  for (let index = 0; index < length; index++)
    target[index] = (target[index] as number) + scale * (source[index] as number);
}

/** target ← target + Σ_k weights_k rows_k over the first `length` entries, k from `first` to `end` − 1. */
export function addCombination(
  target: Float64Array,
  weights: Float64Array,
  rows: readonly Float64Array[],
  length: number,
  first = 0,
  end: number = rows.length,
): void {
  let row = first;
  for (; row + 3 < end; row += 4) {
    const w0 = weights[row] as number;
    const w1 = weights[row + 1] as number;
    const w2 = weights[row + 2] as number;
    const w3 = weights[row + 3] as number;
    const r0 = rows[row] as Float64Array;
    const r1 = rows[row + 1] as Float64Array;
    const r2 = rows[row + 2] as Float64Array;
    const r3 = rows[row + 3] as Float64Array;
    for (let index = 0; index < length; index++)
      target[index] =
        (target[index] as number) +
        (w0 * (r0[index] as number) + w1 * (r1[index] as number)) +
        (w2 * (r2[index] as number) + w3 * (r3[index] as number));
  }
  for (; row < end; row++) addScaled(target, weights[row] as number, rows[row] as Float64Array, length);
}

/** Moves the mean of the rows into `mean`: afterwards the rows sum to zero. */
export function centre(rows: readonly Float64Array[], mean: Float64Array): void {
  const length = mean.length;
  mean.fill(0);
  for (const row of rows) addScaled(mean, 1, row, length);
  for (let index = 0; index < length; index++) mean[index] = (mean[index] as number) / rows.length;
  for (const row of rows) addScaled(row, -1, mean, length);
}

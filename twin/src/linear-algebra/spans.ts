/**
 * Runs of a row-major array, as the loops of dense algebra see them: row by row, never element by element through a
 * getter. Shapes are checked by the callers, once; a run that leaves its array reads NaN.
 */

/** Σ leftᵢ rightᵢ over `length` entries. */
export function spanDot(
  left: Float64Array,
  leftStart: number,
  right: Float64Array,
  rightStart: number,
  length: number,
): number {
  let sum = 0;
  for (let index = 0; index < length; index++)
    sum += (left[leftStart + index] as number) * (right[rightStart + index] as number);
  return sum;
}

/** target ← target + scale · source over `length` entries. */
export function spanAdd(
  target: Float64Array,
  targetStart: number,
  scale: number,
  source: Float64Array,
  sourceStart: number,
  length: number,
): void {
  for (let index = 0; index < length; index++)
    target[targetStart + index] =
      (target[targetStart + index] as number) + scale * (source[sourceStart + index] as number);
}

export function spanScale(target: Float64Array, start: number, scale: number, length: number): void {
  for (let index = start; index < start + length; index++) target[index] = (target[index] as number) * scale;
}

/** Two runs turned in their plane: (x, y) ← (cos x − sin y, sin x + cos y). */
export function spanRotate(
  data: Float64Array,
  firstStart: number,
  secondStart: number,
  cosine: number,
  sine: number,
  length: number,
): void {
  for (let index = 0; index < length; index++) {
    const first = data[firstStart + index] as number;
    const second = data[secondStart + index] as number;
    data[firstStart + index] = cosine * first - sine * second;
    data[secondStart + index] = sine * first + cosine * second;
  }
}

/** Largest |entry|; NaN if one is among them. */
export function largestMagnitude(data: Float64Array): number {
  let largest = 0;
  for (let index = 0; index < data.length; index++)
    largest = Math.max(largest, Math.abs(data[index] as number));
  return largest;
}

/** Euclidean norm of every `stride`-th entry, safe from overflow and underflow of the squares. */
export function stridedNorm(data: Float64Array, start: number, stride: number, count: number): number {
  let largest = 0;
  for (let index = 0; index < count; index++)
    largest = Math.max(largest, Math.abs(data[start + index * stride] as number));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let index = 0; index < count; index++)
    sum += ((data[start + index * stride] as number) / largest) ** 2;
  return largest * Math.sqrt(sum);
}

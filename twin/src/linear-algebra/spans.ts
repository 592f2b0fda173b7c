/**
 * Runs of a row-major array, as the loops of dense algebra see them: row by row, never element by element through a
 * getter. Shapes are checked by the callers, once; a run that leaves its array reads NaN.
 */

/** Σ leftᵢ rightᵢ over `length` entries; four sums at once, since an addition waits for the one before it. */
export function spanDot(
  left: Float64Array,
  leftStart: number,
  right: Float64Array,
  rightStart: number,
  length: number,
): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  const whole = length - (length % 4);
  for (let index = 0; index < whole; index += 4) {
    const i = leftStart + index;
    const j = rightStart + index;
    first += (left[i] as number) * (right[j] as number);
    second += (left[i + 1] as number) * (right[j + 1] as number);
    third += (left[i + 2] as number) * (right[j + 2] as number);
    fourth += (left[i + 3] as number) * (right[j + 3] as number);
  }
  let sum = first + second + (third + fourth);
  for (let index = whole; index < length; index++)
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
  const squares = sumOfSquares(data, start, stride, count, 1);
  if (squares > 1e-280 && squares < 1e280) return Math.sqrt(squares);
  let largest = 0;
  for (let index = 0; index < count; index++)
    largest = Math.max(largest, Math.abs(data[start + index * stride] as number));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  return largest * Math.sqrt(sumOfSquares(data, start, stride, count, largest));
}

function sumOfSquares(
  data: Float64Array,
  start: number,
  stride: number,
  count: number,
  unit: number,
): number {
  let sum = 0;
  for (let index = 0; index < count; index++) {
    const value = (data[start + index * stride] as number) / unit;
    sum += value * value;
  }
  return sum;
}

/** √(a² + b²): `Math.hypot` where the squares would overflow or vanish, ten times faster elsewhere. */
export function planeLength(a: number, b: number): number {
  const squares = a * a + b * b;
  return squares > 1e-280 && squares < 1e280 ? Math.sqrt(squares) : Math.hypot(a, b);
}

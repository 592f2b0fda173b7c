import { TwinError } from "../errors.ts";
import { Matrix } from "./matrix.ts";

/** Index of the first entry that is NaN or infinite; −1 when there is none. */
export function firstNonFinite(values: ArrayLike<number>): number {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return index;
  return -1;
}

export const allFinite = (values: Matrix | ArrayLike<number>): boolean =>
  firstNonFinite(values instanceof Matrix ? values.data : values) < 0;

/**
 * For interfaces: hot loops do not look again.
 * @param name what the caller calls it: "the start covariance".
 * @throws {TwinError} NOT_FINITE names the entry.
 */
export function requireFinite(values: Matrix | ArrayLike<number>, name: string): void {
  const entries = values instanceof Matrix ? values.data : values;
  const index = firstNonFinite(entries);
  if (index < 0) return;
  const place =
    values instanceof Matrix
      ? `row ${Math.floor(index / values.columns)}, column ${index % values.columns}`
      : `entry ${index}`;
  throw new TwinError(
    "NOT_FINITE",
    `${name} has ${entries[index]} at ${place}`,
    "expected finite numbers: find where this one was computed; a missing reading must be left out or marked as missing",
  );
}

/**
 * One text per value: keys sorted, −0 as 0, and (with `digits`) numbers rounded to so many significant digits.
 * Without `digits` numbers keep all their bits, so that a state survives the round trip exactly.
 */
export function canonicalJson(value: unknown, digits?: number): string {
  return JSON.stringify(value, (_key, entry: unknown) => {
    if (typeof entry === "number")
      return digits === undefined ? entry + 0 : Number(entry.toPrecision(digits)) + 0;
    if (entry instanceof Float64Array) return Array.from(entry);
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}

/** Reads back a state that this program wrote; `undefined` when the text is damaged. Its shape is the caller's to check. */
export function readState<T extends object>(text: string): Partial<T> | undefined {
  try {
    const value = JSON.parse(text) as Partial<T> | null;
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

import { TwinError } from "../../errors.ts";

/** @throws {TwinError} BAD_OPTION unless `holds`. */
export function requireOption(holds: boolean, name: string, value: unknown, expected: string): void {
  if (holds) return;
  throw new TwinError("BAD_OPTION", `\`${name}\` is ${String(value)}`, `expected ${expected}`);
}

export const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;

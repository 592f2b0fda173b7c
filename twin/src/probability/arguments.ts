import { TwinError } from "../errors.ts";

const refuse = (name: string, value: number, expected: string): TwinError =>
  new TwinError("BAD_ARGUMENT", `${name} is ${value}`, `expected ${expected}`);

/** @throws {TwinError} BAD_ARGUMENT, as all of this file. */
export function requireReal(value: number, name: string): void {
  if (!Number.isFinite(value)) throw refuse(name, value, "a finite number");
}

export function requirePositive(value: number, name: string): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw refuse(name, value, "a finite number above 0");
}

export function requireProbability(value: number): void {
  if (!(value >= 0 && value <= 1)) throw refuse("a probability", value, "a number from 0 to 1");
}

/** Bounds may be infinite. */
export function requireInterval(low: number, high: number, name: string): void {
  if (!(low < high))
    throw new TwinError(
      "BAD_ARGUMENT",
      `${name} runs from ${low} to ${high}`,
      "expected two numbers, the lower first",
    );
}

import { TwinError } from "./errors.ts";

/** @throws {TwinError} BAD_OPTION unless the value is one of these. */
export function checkedChoice<T extends string>(value: T, choices: readonly T[], name: string): T {
  if (choices.includes(value)) return value;
  const known = choices.map((choice) => `"${choice}"`).join(", ");
  throw new TwinError("BAD_OPTION", `${name} is ${JSON.stringify(value)}`, `expected one of ${known}`);
}

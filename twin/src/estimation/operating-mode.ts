import type { OperatingMode } from "../definition/twin-definition.ts";

/**
 * The operating-mode gate: the model is valid while at least one of the mode's signals reads above its threshold.
 * Without any of them (all NaN) nothing is known of the mode, and the gate is shut.
 */
export const inMode = ({ anyOf, above }: OperatingMode, readingOf: (signal: string) => number): boolean =>
  anyOf.some((signal) => readingOf(signal) > above);

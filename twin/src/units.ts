/**
 * Quantities with their unit in the type, for borders (configuration, wire, sensor).
 * Arithmetic on a brand gives a bare `number`: branding again is a conscious act.
 */
declare const unit: unique symbol;
export type Quantity<Unit extends string> = number & { readonly [unit]: Unit };

/** Milliseconds since the Unix epoch, fractions allowed: an instant. */
export type Instant = Quantity<"ms since epoch">;
/** A span of time, ms. */
export type Millis = Quantity<"ms">;
/** A span of time, days. */
export type Days = Quantity<"d">;

export const instant = (milliseconds: number): Instant => milliseconds as Instant;
export const millis = (milliseconds: number): Millis => milliseconds as Millis;

export const MILLIS_PER_DAY = 86_400_000;
export const daysBetween = (from: Instant, to: Instant): Days => ((to - from) / MILLIS_PER_DAY) as Days;
export const days = (count: number): Millis => millis(count * MILLIS_PER_DAY);
export const hours = (count: number): Millis => millis(count * 3_600_000);
export const minutes = (count: number): Millis => millis(count * 60_000);

/** SI unit symbols that a signal or parameter may carry; a unit outside this list is a fault in the definition. */
export const UNITS = [
  "rad/s",
  "N",
  "N·m·s/rad",
  "m/s",
  "Pa",
  "°C",
  "K",
  "W",
  "J/K",
  "W/K",
  "V",
  "A",
  "%",
  "deg",
  "rad",
  "m",
  "kg",
  "s",
  "1",
] as const;
export type Unit = (typeof UNITS)[number];

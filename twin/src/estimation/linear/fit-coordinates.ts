import { TwinError } from "../../errors.ts";

/**
 * An unknown of a model that is fitted.
 *
 * - "variance": ≥ 0, searched as its logarithm; 0 is tried at the end.
 * - "positive": > 0, searched as its logarithm.
 * - "correlation": in (−1, 1), searched as artanh.
 * - "real": searched as it is.
 */
export interface FitParameter {
  readonly id: string;
  readonly scale: "variance" | "positive" | "correlation" | "real";
  /** Between these, starts are drawn; the search may leave them. A variance may leave them to the data. */
  readonly low?: number;
  readonly high?: number;
}

/** Natural value of an unbounded coordinate. */
export function toNatural(scale: FitParameter["scale"], coordinate: number): number {
  if (scale === "real") return coordinate;
  return scale === "correlation" ? Math.tanh(coordinate) : Math.exp(coordinate);
}

export function fromNatural(scale: FitParameter["scale"], value: number): number {
  if (scale === "real") return value;
  return scale === "correlation" ? Math.atanh(value) : Math.log(value);
}

/** dθ/dz at a natural value. */
export function slopeAt(scale: FitParameter["scale"], value: number): number {
  if (scale === "real") return 1;
  return scale === "correlation" ? 1 - value * value : value;
}

/** The end of the range that a value may have run towards, if any: its coordinate is infinite. */
export function edgeNear(scale: FitParameter["scale"], value: number): number | undefined {
  if (scale === "variance") return 0;
  return scale === "correlation" && Math.abs(value) > 0.9 ? Math.sign(value) : undefined;
}

/**
 * Bounds of the starts as coordinates; `spread` is the variance of the data, for variances without bounds of their own.
 * @throws {TwinError} BAD_BOX.
 */
export function startInterval({ id, scale, low, high }: FitParameter, spread: number): [number, number] {
  const from = fromNatural(scale, low ?? (scale === "variance" ? 1e-5 * spread : Number.NaN));
  const to = fromNatural(scale, high ?? (scale === "variance" ? spread : Number.NaN));
  if (Number.isFinite(from) && Number.isFinite(to) && from <= to) return [from, to];
  throw new TwinError(
    "BAD_BOX",
    `starts for "${id}" (${scale}) would be drawn from ${low} to ${high}`,
    "give low and high inside the parameter's range",
  );
}

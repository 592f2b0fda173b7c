/** A direction of the parameters that the data see little or nothing of. */
export interface Direction {
  /** Unit vector in scaled parameters. */
  readonly weights: Float64Array;
  /** sd along it, in scaled parameters: 1 = 100 % for parameters scaled by their own size; ∞ = not seen at all. */
  readonly sd: number;
  /** Parameters with a part in it, in their own order. */
  readonly involved: readonly string[];
  /** "heaterCapacity and conductance rise and fall together" */
  readonly words: string;
  /** Combinations that do not change along it: what the data do determine of these parameters. */
  readonly seen: readonly string[];
}

/** Least share of a unit direction that counts as a part in it, and what counts as an equal part. */
const PART = 0.1;
const TIE = 0.95;

/**
 * Names a direction v in scaled parameters θ_j/scale_j: which move together, and which combinations stay.
 *
 * Scaled by their own sizes, parameters move along v as θ_j e^{t v_j}, so θ_k · θ_m^{−v_k/v_m} stays, with m the largest
 * part; otherwise θ_j + t scale_j v_j, and θ_k − (v_k scale_k / v_m scale_m) θ_m stays.
 */
export function describeDirection(
  weights: Float64Array,
  sd: number,
  ids: readonly string[],
  scales: Float64Array,
  relative: boolean,
): Direction {
  const part = (index: number): number => Math.abs(weights[index] as number);
  const order = Array.from(weights.keys()).filter((index) => part(index) >= PART);
  const largest = Math.max(...order.map(part));
  // Of parts that are equal but for rounding the last: "first / last" reads as people write a ratio.
  const lead = order.findLast((index) => part(index) > TIE * largest) ?? 0;
  const name = (index: number): string => ids[index] as string;
  const sign = (index: number): number => Math.sign((weights[index] as number) * (weights[lead] as number));
  const along = order.filter((index) => sign(index) > 0).map(name);
  const against = order.filter((index) => sign(index) < 0).map(name);
  const others = order.filter((index) => index !== lead);
  const seen = others.map((index) => {
    const ratio = (weights[index] as number) / (weights[lead] as number);
    return relative
      ? monomial(name(index), name(lead), ratio)
      : linear(name(index), name(lead), (ratio * (scales[index] as number)) / (scales[lead] as number));
  });
  return { weights, sd, involved: order.map(name), words: motion(along, against), seen };
}

/** Exponents this near to a whole number are written as one. */
const WHOLE = 0.05;

function monomial(one: string, other: string, power: number): string {
  const whole = Math.round(power);
  if (whole !== 0 && Math.abs(power - whole) < WHOLE) {
    if (whole === 1) return `${one} / ${other}`;
    if (whole === -1) return `${one} · ${other}`;
    return whole > 0 ? `${one} / ${other}^${whole}` : `${one} · ${other}^${-whole}`;
  }
  return power > 0
    ? `${one} / ${other}^${power.toPrecision(2)}`
    : `${one} · ${other}^${(-power).toPrecision(2)}`;
}

function linear(one: string, other: string, factor: number): string {
  const size = Math.abs(factor).toPrecision(3);
  return `${one} ${factor > 0 ? "−" : "+"} ${size === "1.00" ? "" : `${size} `}${other}`;
}

function motion(along: readonly string[], against: readonly string[]): string {
  const list = (names: readonly string[]): string =>
    names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  if (against.length > 0) return `${list(along)} can rise while ${list(against)} falls`;
  return along.length === 1 ? `${list(along)} can move alone` : `${list(along)} can rise and fall together`;
}

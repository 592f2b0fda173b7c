/**
 * The light pre-filter of one signal: a level that wanders, read with noise, at irregular times.
 *
 *     x_{t+Δ} = x_t + w,  w ~ N(0, q² Δt)        y = x + v,  v ~ N(0, R)
 *
 * The first reading is the prior (x = y, P = R). An innovation beyond the gate is not thrown away but weighed down
 * (Huber): a spike moves the level little, a step is followed within a few readings. Joseph form throughout.
 * @see Durbin & Koopman (2012), Time Series Analysis by State Space Methods, §2; Huber (1981), Robust Statistics, §7.
 */
export interface Level {
  readonly value: number;
  readonly variance: number;
  /** Event time, ms. */
  readonly at: number;
}

/** What one reading said: posterior value and sd, innovation y − x⁻ and its normalised square. */
export interface Filtered {
  readonly value: number;
  readonly sd: number;
  readonly innovation: number;
  readonly nis: number;
}

/** χ²(1) at 0.999: one healthy reading in a thousand is weighed down. */
export const GATE = 10.827566170662733;

/** `wander`: unit/√s. A reading older than the level is filtered as if it came at the level's time. */
export function updateLevel(
  before: Level | undefined,
  at: number,
  reading: number,
  noise: number,
  wander: number,
): { readonly level: Level; readonly filtered: Filtered } {
  const plain = noise * noise;
  if (before === undefined) {
    return {
      level: { value: reading, variance: plain, at },
      filtered: { value: reading, sd: noise, innovation: 0, nis: 0 },
    };
  }
  const elapsed = Math.max(at - before.at, 0) / 1000;
  const prior = before.variance + wander * wander * elapsed;
  const innovation = reading - before.value;
  const nis = (innovation * innovation) / (prior + plain);
  const variance = nis > GATE ? plain * Math.sqrt(nis / GATE) + prior * (Math.sqrt(nis / GATE) - 1) : plain;
  const gain = prior / (prior + variance);
  const value = before.value + gain * innovation;
  const posterior = (1 - gain) ** 2 * prior + gain * gain * variance;
  return {
    level: { value, variance: posterior, at: Math.max(at, before.at) },
    filtered: { value, sd: Math.sqrt(posterior), innovation, nis },
  };
}

import { TwinError } from "../errors.ts";

/** What was believed of one parameter at a time; any one unit of time. */
export interface Estimated {
  readonly at: number;
  readonly mean: number;
  readonly sd: number;
}

/** A reading y = θ + e, e ~ N(0, variance). */
export interface ImpliedReading {
  readonly at: number;
  readonly value: number;
  readonly variance: number;
}

/**
 * The independent readings that a random-walk filter must have been given to believe what it did.
 *
 *     P⁻ = P_{t−Δ} + q² Δ,   1/R = 1/P_t − 1/P⁻,   y = R (m_t/P_t − m_{t−Δ}/P⁻)
 *
 * Successive posteriors share their data; a trend fitted to them would take its own smoothness for precision. A step at
 * which the belief became wider than time alone makes it carries no reading and is left out.
 *
 * @param rate q, random-walk sd per √time, the one that the filter used.
 * @throws {TwinError} BAD_HISTORY unless times ascend and everything is finite and positive where it must be.
 */
export function impliedReadings(history: readonly Estimated[], rate: number): ImpliedReading[] {
  check(history, rate);
  const readings: ImpliedReading[] = [];
  for (const [index, { at, mean, sd }] of history.entries()) {
    const before = history[index - 1];
    if (!before) continue;
    const prior = before.sd ** 2 + rate * rate * (at - before.at);
    const information = 1 / (sd * sd) - 1 / prior;
    if (!(information > 0)) continue;
    readings.push({
      at,
      value: (mean / (sd * sd) - before.mean / prior) / information,
      variance: 1 / information,
    });
  }
  return readings;
}

function check(history: readonly Estimated[], rate: number): void {
  const bad = history.findIndex(
    ({ at, mean, sd }, index) =>
      !(Number.isFinite(at) && Number.isFinite(mean) && Number.isFinite(sd) && sd > 0) ||
      at <= (history[index - 1]?.at ?? Number.NEGATIVE_INFINITY),
  );
  if (bad < 0 && rate >= 0 && Number.isFinite(rate)) return;
  throw new TwinError(
    "BAD_HISTORY",
    bad < 0
      ? `the drift rate is ${rate}`
      : `estimate ${bad} of ${history.length} is ${JSON.stringify(history[bad])}`,
    "give finite means, positive standard deviations, ascending times and a rate of at least 0",
  );
}

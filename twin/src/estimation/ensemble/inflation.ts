import { TwinError } from "../../errors.ts";
import type { Matrix } from "../../linear-algebra/matrix.ts";
import { addScaled } from "./rows.ts";

/** What is done to the posterior ensemble against the spread that small ensembles and wrong models lose. */
export interface InflationOptions {
  /** Multiplies the anomalies after each analysis. Default 1. */
  readonly inflation?: number;
  /**
   * Relaxation to the prior spread, 0 … 1: each state's anomalies are scaled so that its sd becomes (1 − α)σ⁺ + ασ⁻.
   * Acts only where readings acted. Default 0.
   * @see Whitaker & Hamill (2012), Mon. Weather Rev. 140, eq. 2.
   */
  readonly relaxation?: number;
  /** Covariance (n × n) of centred noise that is added to the members after each analysis. Default none. */
  readonly additive?: Matrix;
}

/** @throws {TwinError} BAD_OPTION. */
export function checkInflation({ inflation = 1, relaxation = 0 }: InflationOptions): void {
  if (!(inflation > 0 && inflation < Number.POSITIVE_INFINITY))
    throw new TwinError(
      "BAD_OPTION",
      `the inflation is ${inflation}`,
      "expected a positive factor of the anomalies: 1 for none, 1.01 to 1.1 is usual",
    );
  if (!(relaxation >= 0 && relaxation <= 1))
    throw new TwinError(
      "BAD_OPTION",
      `the relaxation to the prior spread is ${relaxation}`,
      "expected 0 (none) to 1 (keep the prior spread)",
    );
}

export function inflate(anomalies: readonly Float64Array[], factor: number): void {
  if (factor === 1) return;
  for (const anomaly of anomalies) addScaled(anomaly, factor - 1, anomaly, anomaly.length);
}

/** Scales each state's anomalies so that its sd is (1 − α)σ⁺ + α `before`. A state without spread stays as it is. */
export function relax(anomalies: readonly Float64Array[], before: Float64Array, share: number): void {
  const after = standardDeviations(anomalies);
  const factors = after.map((sd, state) =>
    sd > 0 ? 1 + (share * ((before[state] as number) - sd)) / sd : 1,
  );
  for (const anomaly of anomalies)
    for (let state = 0; state < anomaly.length; state++)
      anomaly[state] = (anomaly[state] as number) * (factors[state] as number);
}

/** √(Σ_i X_ik²/(N − 1)) of each state k. */
export function standardDeviations(anomalies: readonly Float64Array[]): Float64Array {
  const sums = new Float64Array(anomalies[0]?.length ?? 0);
  for (const anomaly of anomalies)
    for (let state = 0; state < sums.length; state++)
      sums[state] = (sums[state] as number) + (anomaly[state] as number) ** 2;
  return sums.map((sum) => Math.sqrt(sum / (anomalies.length - 1)));
}

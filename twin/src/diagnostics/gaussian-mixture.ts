import { badForecast } from "./forecast-checks.ts";

export interface GaussianComponent {
  /** Relative: weights need not sum to 1. */
  readonly weight: number;
  readonly mean: number;
  readonly sd: number;
}

/** @throws {TwinError} BAD_FORECAST unless no weight is negative and their sum is positive and finite. */
export function totalWeight(mixture: readonly GaussianComponent[]): number {
  let total = 0;
  for (const { weight } of mixture) {
    if (!(weight >= 0)) throw badForecast(`a weight of ${weight}`, "weights that are 0 or more");
    total += weight;
  }
  if (!(total > 0 && Number.isFinite(total)))
    throw badForecast(`weights that sum to ${total}`, "weights with a positive, finite sum");
  return total;
}

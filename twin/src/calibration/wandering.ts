import type { TwinDefinition } from "../definition/twin-definition.ts";
import { type Gaussian, restrict } from "../estimation/gaussian.ts";
import { entry, Matrix } from "../linear-algebra/matrix.ts";
import { STEEPEST } from "./density.ts";
import { type Bounds, driftRate, fromNatural, slope } from "./soft-clamp.ts";

/** The joint belief before any data: x = (z, β), independent. */
export function priorBelief({ parameters, signals }: TwinDefinition, bounds: readonly Bounds[]): Gaussian {
  const z = parameters.map(({ prior }, index) => fromNatural(bounds[index] as Bounds, prior.mean));
  const variances = parameters.map(
    ({ prior }, index) =>
      (prior.sd / Math.max(slope(bounds[index] as Bounds, z[index] as number), STEEPEST)) ** 2,
  );
  const biases = signals.map(({ bias, noise }) => Math.max(bias, 1e-6 * noise) ** 2);
  return {
    mean: Float64Array.from([...z, ...signals.map(() => 0)]),
    covariance: Matrix.diagonal([...variances, ...biases]),
  };
}

/** P ← P + q² Δt for the parameters, at the drift rate of where each is now; biases stay. */
export function wander(
  { mean, covariance }: Gaussian,
  { parameters }: TwinDefinition,
  bounds: readonly Bounds[],
  days: number,
): Gaussian {
  const wider = covariance.copy();
  for (const [index, { drift }] of parameters.entries()) {
    const rate = driftRate(bounds[index] as Bounds, entry(mean, index), drift);
    wider.add(index, index, rate * rate * days);
  }
  return { mean, covariance: wider };
}

/** Beyond so many knees outside a bound θ no longer changes: z is not let further, or it would wander off unseen. */
const FLAT = 12;
/** A bound further away than this (standard deviations) takes no mass. */
const FAR = 5;

/** Restricts z to where g still moves: low − 12c < z < high + 12c. */
export function keepNear(gaussian: Gaussian, bounds: readonly Bounds[]): Gaussian {
  let kept = gaussian;
  for (const [index, { low, high, knee }] of bounds.entries()) {
    const direction = new Float64Array(gaussian.mean.length);
    for (const [side, limit] of [
      [1, low - FLAT * knee],
      [-1, high + FLAT * knee],
    ] as const) {
      const distance =
        (side * (entry(kept.mean, index) - limit)) / Math.sqrt(kept.covariance.get(index, index));
      if (distance > FAR) continue;
      direction[index] = side;
      kept = restrict(kept, direction, -side * limit);
    }
  }
  return kept;
}

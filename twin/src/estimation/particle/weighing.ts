import type { ParticleCloud } from "./cloud.ts";
import { Losses } from "./losses.ts";

/** ln of a density at a state. */
export type LogDensity = (state: Float64Array) => number;

/**
 * `out` ← ln W_i + ln p(x_i) of each particle; −∞ where the density failed or was impossible.
 * @returns the failures.
 */
export function weighParticles(
  cloud: ParticleCloud,
  call: string,
  logDensity: LogDensity,
  out: Float64Array,
): Losses {
  const losses = new Losses();
  const state = new Float64Array(cloud.states.length);
  for (let particle = 0; particle < cloud.count; particle++) {
    const before = cloud.logWeights[particle] as number;
    out[particle] = Number.NEGATIVE_INFINITY;
    if (before === Number.NEGATIVE_INFINITY) continue;
    cloud.read(particle, state);
    try {
      const density = logDensity(state);
      if (density < Number.POSITIVE_INFINITY) out[particle] = before + density;
      else losses.tell(call, state, `gave ${density}`);
    } catch (cause) {
      losses.tell(call, state, cause);
    }
  }
  return losses;
}

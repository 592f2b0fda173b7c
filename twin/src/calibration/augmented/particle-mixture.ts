import type { Filter } from "../../estimation/nonlinear/filter.ts";
import type { ParticleCloud } from "../../estimation/particle/cloud.ts";
import { entry, Matrix } from "../../linear-algebra/matrix.ts";

/** Particles of z, each with a filter of x; undefined for one that was lost. Sizes n and p. */
export interface ParticleMixture {
  readonly cloud: ParticleCloud;
  readonly filters: readonly (Filter | undefined)[];
  readonly states: number;
}

/** E[(x, z)] = Σ W_i (m_i, z_i). */
export function mixtureMean(mixture: ParticleMixture): Float64Array {
  const mean = new Float64Array(mixture.states + mixture.cloud.states.length);
  for (const { weight, point } of components(mixture))
    for (let index = 0; index < mean.length; index++)
      mean[index] = entry(mean, index) + weight * entry(point, index);
  return mean;
}

/** Cov[(x, z)] = Σ W_i (δ_i δ_iᵀ + diag(P_i, 0)), δ_i = (m_i, z_i) − E[(x, z)]. */
export function mixtureCovariance(mixture: ParticleMixture): Matrix {
  const mean = mixtureMean(mixture);
  const result = new Matrix(mean.length, mean.length);
  for (const { weight, point, filter } of components(mixture)) {
    const within = filter.covariance();
    for (let row = 0; row < mean.length; row++)
      for (let column = 0; column <= row; column++) {
        const apart = (entry(point, row) - entry(mean, row)) * (entry(point, column) - entry(mean, column));
        const own = row < mixture.states ? within.get(row, column) : 0;
        result.add(row, column, weight * (apart + own));
      }
  }
  for (let row = 0; row < mean.length; row++)
    for (let column = 0; column < row; column++) result.set(column, row, result.get(row, column));
  return result;
}

function* components({
  cloud,
  filters,
}: ParticleMixture): Generator<{ weight: number; point: Float64Array; filter: Filter }> {
  const z = new Float64Array(cloud.states.length);
  for (const [particle, filter] of filters.entries()) {
    const weight = entry(cloud.weights, particle);
    if (filter === undefined || weight === 0) continue;
    cloud.read(particle, z);
    yield { weight, point: Float64Array.from([...filter.mean(), ...z]), filter };
  }
}

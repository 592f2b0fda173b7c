import type { Gaussian } from "../../estimation/gaussian.ts";
import {
  CheckedSystem,
  requireOrder,
  requireReading,
  type Start,
} from "../../estimation/nonlinear/checked-system.ts";
import { unwrap } from "../../estimation/nonlinear/circles.ts";
import type { Assimilation, Filter } from "../../estimation/nonlinear/filter.ts";
import type { StochasticSystem } from "../../estimation/nonlinear/system.ts";
import { blockDiagonal } from "../../linear-algebra/blocks.ts";
import { cholesky } from "../../linear-algebra/cholesky.ts";
import { entry, Matrix, plus } from "../../linear-algebra/matrix.ts";
import type { FilterMaker } from "./joint-filter.ts";
import type { ParametricSystem } from "./parametric-system.ts";
import {
  driftOver,
  naturalValues,
  normalBeliefs,
  type ParameterBelief,
  priorOf,
  requireParameters,
  type TrackedParameter,
} from "./tracked-parameter.ts";

/**
 * Dual filtering: two filters in turn, one for the state with the parameters held at their mean, one for the parameters with the
 * state held at its mean.
 *
 *     state       x ~ f(x⁻; θ̂), then the reading
 *     parameters  z ~ N(ẑ, P_z + drift (t − s)),  y = h(f(x̂_s; θ(z)); θ(z)) + e,  e ~ N(0, S)
 *
 * S is Cov[y] of the state's filter: to the parameters, what the state leaves open is noise. Cheaper than the joint filter
 * (2n + 2p points of two small filters against 2(n + p) of a large one, and n³ + p³), and robust where the joint covariance is
 * poorly known; but the covariance of state and parameters is taken for zero, and so is what earlier θ did to x̂_s: slower to
 * learn, and its parameter sds are a guide rather than a posterior. Prefer the joint filter, or `ParameterParticles`,
 * unless size forbids.
 *
 * `mean` and `covariance` are of (x, z), n + p, the covariance block diagonal.
 * @see Wan & Nelson (2001), in Haykin (ed.), Kalman Filtering and Neural Networks, ch. 5.
 */
export class DualFilter implements Filter {
  readonly #system: ParametricSystem;
  readonly #parameters: readonly TrackedParameter[];
  readonly #make: FilterMaker;
  #at: number;
  /** The belief at the last reading, from which f leads to the next one. */
  #before: Start;
  #state: Filter;
  #z: Gaussian;

  /** @throws {TwinError} BAD_PARAMETER, and what the filters' maker throws. */
  constructor(
    system: ParametricSystem,
    start: Start,
    parameters: readonly TrackedParameter[],
    make: FilterMaker,
  ) {
    requireParameters(parameters);
    this.#system = system;
    this.#parameters = parameters;
    this.#make = make;
    this.#at = start.at;
    this.#before = { at: start.at, mean: start.mean.slice(), covariance: start.covariance.copy() };
    this.#z = priorOf(parameters);
    this.#state = make(system.at(this.#theta()), start);
  }

  get at(): number {
    return this.#at;
  }

  mean(): Float64Array {
    return Float64Array.from([...this.#state.mean(), ...this.#z.mean]);
  }

  covariance(): Matrix {
    return blockDiagonal([this.#state.covariance(), this.#z.covariance]);
  }

  predict(to: number): void {
    requireOrder(this.#at, to);
    this.#state.predict(to);
    this.#z = {
      mean: this.#z.mean,
      covariance: plus(this.#z.covariance, driftOver(this.#parameters, this.#at, to)),
    };
    this.#at = to;
  }

  update(reading: ArrayLike<number>): Assimilation {
    const current = new CheckedSystem(this.#system.at(this.#theta()));
    requireReading(reading, current.outputs);
    if (Array.from(reading).every(Number.isNaN)) return this.#state.update(reading);
    // Whatever can fail comes before the first thing that is kept.
    const noise = predictedCovariance(current, this.#at, this.#state, reading);
    const learner = this.#make(this.#asSeenByParameters(current, noise), { at: this.#at, ...this.#z });
    learner.update(reading);
    const learnt = { mean: learner.mean(), covariance: learner.covariance() };
    const machine = this.#system.at(naturalValues(this.#parameters, learnt.mean));
    const assimilation = this.#state.update(reading);
    this.#z = learnt;
    this.#before = { at: this.#at, mean: this.#state.mean(), covariance: this.#state.covariance() };
    this.#state = this.#make(machine, this.#before);
    return assimilation;
  }

  /** x alone. */
  state(): Gaussian {
    return { mean: this.#state.mean(), covariance: this.#state.covariance() };
  }

  /** θ, on the natural scale. */
  parameters(): ParameterBelief[] {
    return normalBeliefs(this.#parameters, this.#z, 0);
  }

  #theta(): Float64Array {
    return naturalValues(this.#parameters, this.#z.mean);
  }

  /** The machine as a function of z, from the state as it was believed after the last reading. */
  #asSeenByParameters({ outputs, periods }: CheckedSystem, observationNoise: Matrix): StochasticSystem {
    const { at: since, mean } = this.#before;
    const now = this.#at;
    const moved = new Float64Array(mean.length);
    return {
      states: this.#parameters.length,
      outputs,
      observationNoise,
      ...(periods && { periods }),
      advance: (z, _from, _to, out) => out.set(z),
      processNoise: () => new Matrix(this.#parameters.length, this.#parameters.length),
      observe: (z, _at, out) => {
        const machine = this.#system.at(naturalValues(this.#parameters, z));
        if (now > since) machine.advance(mean, since, now, moved);
        else moved.set(mean);
        machine.observe(moved, now, out);
      },
    };
  }
}

/** Cov[h(x)] + R under the filter's belief, by cubature: x̄ ± √n L_j with equal weights; R alone for what the reading misses. */
function predictedCovariance(
  system: CheckedSystem,
  at: number,
  belief: Filter,
  reading: ArrayLike<number>,
): Matrix {
  const mean = belief.mean();
  const factor = cholesky(belief.covariance());
  const size = mean.length;
  const points: Float64Array[] = [];
  for (let column = 0; column < size; column++) {
    for (const side of [-1, 1]) {
      const point = mean.map((value, row) => value + side * Math.sqrt(size) * factor.get(row, column));
      const output = new Float64Array(system.outputs);
      system.observe(point, at, output, reading);
      if (system.periods) unwrap(output, points[0] ?? output, system.periods);
      points.push(output);
    }
  }
  const centre = Float64Array.from({ length: system.outputs }, (_, index) =>
    points.reduce((sum, point) => sum + entry(point, index) / points.length, 0),
  );
  const covariance = system.observationNoise.copy();
  for (let row = 0; row < system.outputs; row++)
    for (let column = 0; column < system.outputs; column++)
      for (const point of points)
        covariance.add(
          row,
          column,
          ((entry(point, row) - entry(centre, row)) * (entry(point, column) - entry(centre, column))) /
            points.length,
        );
  return covariance;
}

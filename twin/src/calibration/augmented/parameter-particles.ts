import { TwinError } from "../../errors.ts";
import { requireOrder, type Start } from "../../estimation/nonlinear/checked-system.ts";
import type { Assimilation, Filter } from "../../estimation/nonlinear/filter.ts";
import { ParticleCloud } from "../../estimation/particle/cloud.ts";
import { systematic } from "../../estimation/particle/resampling.ts";
import { entry, type Matrix } from "../../linear-algebra/matrix.ts";
import { latinHypercube } from "../../optimisation/latin-hypercube.ts";
import { standardNormalQuantile } from "../../probability/normal.ts";
import type { Dice } from "../../random/dice.ts";
import { InnovationMixture } from "./innovation-mixture.ts";
import type { FilterMaker } from "./joint-filter.ts";
import { KernelShrinkage } from "./kernel-shrinkage.ts";
import type { ParametricSystem } from "./parametric-system.ts";
import { mixtureCovariance, mixtureMean, type ParticleMixture } from "./particle-mixture.ts";
import {
  beliefOf,
  naturalValues,
  type ParameterBelief,
  requireParameters,
  type TrackedParameter,
} from "./tracked-parameter.ts";

export interface ParameterParticlesOptions {
  /** N: each costs one filter of the state. Default 200. */
  readonly particles?: number;
  readonly dice: Dice;
  /** δ in (1/3, 1): the kernel's discount; nearer to 1 moves less. Default 0.98. */
  readonly discount?: number;
  /** Resample when the effective size falls below this share of N. Default 0.3: each resampling blurs. */
  readonly threshold?: number;
}

/**
 * Joint filtering with particles for the parameters and, for each, a filter of its own for the state:
 *
 *     p(x, θ | y) ≈ Σ_i W_i p(x | θ_i, y) δ(θ_i),     W_i ∝ W_i p(y_t | θ_i, y before t)
 *
 * For a linear machine with Kalman filters inside, the state is integrated exactly and only θ is sampled: skewed, bounded and
 * multimodal posteriors of θ come out as they are, and Q and R may depend on θ. When the weights become uneven the particles
 * are resampled and moved by the kernel of Liu and West, which keeps their mean and covariance; each takes over the state's
 * belief of its ancestor. The evidence is Π Σ W_i p(y_t | θ_i).
 *
 * Limits: N grows steeply with p (some hundred for two parameters); a prior much wider than the posterior wastes most of the
 * first particles; many resamplings blur the posterior by the kernel. A particle whose filter fails has the weight 0 and is
 * counted; when none is left the call fails, and the belief is the one before it.
 *
 * `mean` and `covariance` are of (x, z), n + p: moments of the mixture. The `nis` of a reading is the particles' weighted mean:
 * somewhat above its size while θ is uncertain.
 * @see Liu & West (2001), in Doucet et al. (eds), Sequential Monte Carlo Methods in Practice, ch. 10; Chen & Liu (2000),
 * J. R. Stat. Soc. B 62, 493–508 (mixtures of Kalman filters).
 */
export class ParameterParticles implements Filter {
  readonly #system: ParametricSystem;
  readonly #parameters: readonly TrackedParameter[];
  readonly #make: FilterMaker;
  readonly #dice: Dice;
  readonly #kernel: KernelShrinkage;
  readonly #threshold: number;
  readonly #cloud: ParticleCloud;
  readonly #states: number;
  #filters: (Filter | undefined)[];
  #at: number;
  #calls = 0;
  #lost = 0;
  #firstLoss: unknown;

  /** @throws {TwinError} BAD_PARAMETER, BAD_OPTION, and what the maker throws for every particle. */
  constructor(
    system: ParametricSystem,
    start: Start,
    parameters: readonly TrackedParameter[],
    make: FilterMaker,
    options: ParameterParticlesOptions,
  ) {
    requireParameters(parameters);
    const { particles = 200, discount = 0.98, threshold = 0.3 } = options;
    if (!(Number.isInteger(particles) && particles >= 2 && threshold >= 0 && threshold <= 1))
      throw new TwinError(
        "BAD_OPTION",
        `${particles} particles, resampled below ${threshold}`,
        "expected a whole number from 2 on, and a share of it from 0 to 1",
      );
    this.#system = system;
    this.#parameters = parameters;
    this.#make = make;
    this.#dice = options.dice;
    this.#kernel = new KernelShrinkage(discount);
    this.#threshold = threshold;
    this.#states = start.mean.length;
    this.#at = start.at;
    this.#cloud = new ParticleCloud(particles, parameters.length);
    const strata = latinHypercube(particles, parameters.length, options.dice.split("start"));
    const z = new Float64Array(parameters.length);
    this.#filters = Array.from({ length: particles }, (_, particle) => {
      for (const [index, { mean, sd }] of parameters.entries())
        z[index] = mean + sd * standardNormalQuantile(strata.get(particle, index));
      this.#cloud.write(particle, z);
      return this.#begin(particle, start);
    });
    this.#reweigh("the start");
  }

  get at(): number {
    return this.#at;
  }

  /** 1/Σ W_i². */
  get effectiveSize(): number {
    return this.#cloud.effectiveSize();
  }

  /** Particles whose model failed so far, and what the first one said. */
  get lost(): { readonly count: number; readonly reason: string | undefined } {
    return { count: this.#lost, reason: this.#firstLoss === undefined ? undefined : words(this.#firstLoss) };
  }

  predict(to: number): void {
    requireOrder(this.#at, to);
    if (to === this.#at) return;
    this.#wholly(() => this.#move(to));
  }

  #move(to: number): void {
    const drifts = this.#parameters.map(({ drift = 0 }) => Math.sqrt(drift * (to - this.#at)));
    const moving = drifts.some((sd) => sd > 0);
    const random = this.#dice.split(this.#calls++);
    const z = new Float64Array(drifts.length);
    for (let particle = 0; particle < this.#cloud.count; particle++) {
      if (moving) {
        this.#cloud.read(particle, z);
        for (const [index, sd] of drifts.entries()) z[index] = entry(z, index) + sd * random.normal();
        this.#cloud.write(particle, z);
        this.#filters[particle] = this.#restart(particle, this.#filters[particle]);
      }
      this.#guarded(particle, (filter) => filter.predict(to));
    }
    this.#reweigh(`the move to ${to}`);
    this.#at = to;
  }

  update(reading: ArrayLike<number>): Assimilation {
    return this.#wholly(() => this.#weigh(reading));
  }

  #weigh(reading: ArrayLike<number>): Assimilation {
    const outputs = reading.length;
    const summary = new InnovationMixture(outputs);
    const weights = this.#cloud.weights.slice();
    for (let particle = 0; particle < this.#cloud.count; particle++) {
      this.#guarded(particle, (filter) => {
        const assimilation = filter.update(reading);
        this.#cloud.logWeights[particle] =
          entry(this.#cloud.logWeights, particle) + assimilation.logLikelihood;
        summary.add(entry(weights, particle), assimilation);
      });
    }
    const isLost = this.#filters.every((filter) => filter === undefined);
    if (summary.size === 0 && !isLost) return summary.assimilation(0);
    const logLikelihood = this.#reweigh(`the reading at ${this.#at}`);
    if (this.effectiveSize < this.#threshold * this.#cloud.count) this.#rejuvenate();
    return summary.assimilation(logLikelihood);
  }

  mean(): Float64Array {
    return mixtureMean(this.#mixture());
  }

  covariance(): Matrix {
    return mixtureCovariance(this.#mixture());
  }

  /** θ, on the natural scale, by the weighted quantiles of the particles. */
  parameters(): ParameterBelief[] {
    return this.#parameters.map((parameter, index) =>
      beliefOf(parameter, (probability) => this.#cloud.quantile(index, probability)),
    );
  }

  /** P(θ_index < value). */
  probabilityBelow(index: number, value: number): number {
    const parameter = this.#parameters[index];
    if (parameter === undefined)
      throw new TwinError(
        "BAD_OPTION",
        `parameter ${index} of ${this.#parameters.length}`,
        "expected an index below that",
      );
    const toNatural = (z: number): number => entry(naturalValues([parameter], [z]), 0);
    const row = this.#cloud.states[index] as Float64Array;
    let below = 0;
    for (const [particle, z] of row.entries())
      if (toNatural(z) < value) below += entry(this.#cloud.weights, particle);
    return Math.min(below, 1);
  }

  #mixture(): ParticleMixture {
    return { cloud: this.#cloud, filters: this.#filters, states: this.#states };
  }

  #rejuvenate(): void {
    const random = this.#dice.split(this.#calls++);
    const ancestors = new Int32Array(this.#cloud.count);
    systematic(this.#cloud.weights, random.split("resampling"), ancestors);
    this.#kernel.move(this.#cloud, ancestors, random.split("kernel"));
    const before = this.#filters;
    this.#filters = Array.from(ancestors, (ancestor, particle) => this.#restart(particle, before[ancestor]));
    this.#cloud.level();
    this.#reweigh("the resampling");
  }

  /** A filter at the particle's θ that goes on from another one's belief of the state. */
  #restart(particle: number, belief: Filter | undefined): Filter | undefined {
    if (belief === undefined) return undefined;
    return this.#begin(particle, { at: belief.at, mean: belief.mean(), covariance: belief.covariance() });
  }

  #begin(particle: number, start: Start): Filter | undefined {
    const z = new Float64Array(this.#parameters.length);
    this.#cloud.read(particle, z);
    try {
      return this.#make(this.#system.at(naturalValues(this.#parameters, z)), start);
    } catch (error) {
      this.#lose(particle, error);
      return undefined;
    }
  }

  #guarded(particle: number, act: (filter: Filter) => void): void {
    const filter = this.#filters[particle];
    if (filter === undefined) {
      this.#cloud.logWeights[particle] = Number.NEGATIVE_INFINITY;
      return;
    }
    try {
      act(filter);
    } catch (error) {
      // A bad reading is the caller's, whatever the particle.
      if (error instanceof TwinError && ["BAD_READING", "BAD_SHAPE"].includes(error.code)) throw error;
      this.#filters[particle] = undefined;
      this.#lose(particle, error);
    }
  }

  #lose(particle: number, error: unknown): void {
    this.#cloud.logWeights[particle] = Number.NEGATIVE_INFINITY;
    this.#lost++;
    this.#firstLoss ??= error;
  }

  /**
   * A call that fails leaves the belief as it was: it fails when no particle is left, and a filter that fails leaves its own
   * belief as it was.
   */
  #wholly<T>(call: () => T): T {
    const {
      cloud: before,
      filters,
      lost,
      loss,
      calls,
    } = {
      cloud: new ParticleCloud(this.#cloud.count, this.#parameters.length),
      filters: this.#filters.slice(),
      lost: this.#lost,
      loss: this.#firstLoss,
      calls: this.#calls,
    };
    before.setFrom(this.#cloud);
    try {
      return call();
    } catch (error) {
      this.#cloud.setFrom(before);
      this.#filters = filters;
      this.#lost = lost;
      this.#firstLoss = loss;
      this.#calls = calls;
      throw error;
    }
  }

  #reweigh(what: string): number {
    for (const [particle, filter] of this.#filters.entries())
      if (filter === undefined) this.#cloud.logWeights[particle] = Number.NEGATIVE_INFINITY;
    const { logTotal } = this.#cloud.normalise();
    if (logTotal > Number.NEGATIVE_INFINITY) return logTotal;
    const loss = this.#firstLoss;
    // What is wrong for all of them is the caller's, and has its own name.
    if (loss instanceof TwinError && loss.code !== "MODEL_FAILED") throw loss;
    throw new TwinError(
      "MODEL_FAILED",
      `${what} left no particle: ${loss === undefined ? "the reading is impossible for all" : words(loss)}`,
      "widen the priors, take more particles, or look for a fault of the sensor",
    );
  }
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

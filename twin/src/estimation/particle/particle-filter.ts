import { checkedChoice } from "../../choice.ts";
import { TwinError } from "../../errors.ts";
import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Dice } from "../../random/dice.ts";
import { drawMembers } from "../ensemble/deviations.ts";
import { requireOrder, requireReading, requireStart, type Start } from "../nonlinear/checked-system.ts";
import type { Assimilation, Filter } from "../nonlinear/filter.ts";
import { ParticleCloud } from "./cloud.ts";
import { Losses } from "./losses.ts";
import { moveParticles } from "./moving.ts";
import type { ParticleSystem, SampledStart } from "./particle-system.ts";
import { type Resampling, type ResamplingName, resamplingOf } from "./resampling.ts";
import { GaussianSummary } from "./summary.ts";
import { weighParticles } from "./weighing.ts";

export interface ParticleOptions {
  /** N ≥ 2. */
  readonly particles: number;
  readonly dice: Dice;
  /**
   * Where particles go when a reading comes: blindly (`"bootstrap"`, default), from ancestors chosen by a first look at
   * it (`"auxiliary"`, needs `lookAhead`), or by a proposal that knows it (`"guided"`, needs `propose`).
   */
  readonly scheme?: "bootstrap" | "auxiliary" | "guided";
  /** One of `resampling` by its name, or a function like them. Default `"systematic"`. */
  readonly resampling?: Resampling | ResamplingName;
  /** Resample when the effective size is below this share of N, 0 (never) … 1 (always); the auxiliary scheme always does. Default 0.5. */
  readonly threshold?: number;
}

/** The share of the auxiliary scheme's first choice that ignores the look ahead: bounds its weights by 1/share. */
const DEFENSIVE = 0.1;

/**
 * Sequential importance sampling with resampling: any transition one can draw from, any observation density one can
 * evaluate. N weighted particles x_i, W_i:
 *
 *     bootstrap   x_i' ~ p(x' | x_i),                        W_i' ∝ W_i p(y | x_i')
 *     auxiliary   a ~ λ_i ∝ (1 − ε) W_i p(y | μ(x_i)) + ε W_i,  x' ~ p(x' | x_a),   W' ∝ W_a p(y | x')/λ_a
 *     guided      x_i' ~ q(x' | x_i, y),                     W_i' ∝ W_i p(y | x_i') p(x_i' | x_i)/q(x_i' | x_i, y)
 *
 * `logLikelihood` is the ln of Σ W_i (…) before normalising: the product over readings is an unbiased estimate of the
 * evidence p(y_1 … y_T), whatever N; its logarithm is low by about half its variance. The belief is the weighted
 * particles themselves: resampling waits for the next move, so that `mean` and `covariance` do not pay for it.
 *
 * Failures. A particle whose model call fails has the weight 0 and is counted: the evidence treats what the model cannot
 * compute as impossible. When all fail: MODEL_FAILED. When the reading is impossible for all: DEGENERATE. Both leave
 * the belief as it was. Every call draws from numbered streams of its own, one per 1,024 particles.
 *
 * @see Gordon, Salmond & Smith (1993), IEE Proc. F 140(2); Pitt & Shephard (1999), J. Am. Stat. Assoc. 94; Chopin &
 *   Papaspiliopoulos (2020), An Introduction to Sequential Monte Carlo, §10.
 */
export class ParticleFilter implements Filter {
  readonly #system: ParticleSystem;
  readonly #dice: Dice;
  readonly #scheme: "bootstrap" | "auxiliary" | "guided";
  readonly #resampling: Resampling;
  readonly #threshold: number;
  readonly #losses = new Losses();
  readonly #summary: GaussianSummary | undefined;
  readonly #logs: Float64Array;
  readonly #ancestors: Int32Array;
  #at: number;
  #cloud: ParticleCloud;
  /** The cloud before the last move, where the schemes that look at a reading first start again. */
  #before: ParticleCloud;
  #beforeAt: number | undefined;
  #calls = 0;

  /** @throws {TwinError} BAD_OPTION; and what an improper Gaussian start raises: BAD_SHAPE, NOT_FINITE, NOT_SYMMETRIC, NOT_POSITIVE_DEFINITE. */
  constructor(system: ParticleSystem, start: Start | SampledStart, options: ParticleOptions) {
    checkOptions(system, options);
    this.#system = system;
    this.#dice = options.dice;
    this.#scheme = options.scheme ?? "bootstrap";
    this.#resampling = resamplingOf(options.resampling ?? "systematic");
    this.#threshold = options.threshold ?? 0.5;
    this.#logs = new Float64Array(options.particles);
    this.#ancestors = new Int32Array(options.particles);
    this.#cloud = new ParticleCloud(options.particles, system.states);
    this.#before = new ParticleCloud(options.particles, system.states);
    this.#summary = system.summary && new GaussianSummary(system.summary, system.outputs, options.particles);
    drawStart(start, this.#cloud, options.dice.split("start"));
    this.#at = start.at;
  }

  get at(): number {
    return this.#at;
  }

  /** 1/Σ W_i². */
  get effectiveSize(): number {
    return this.#cloud.effectiveSize();
  }

  /** Model calls that failed so far, and what the first one was. */
  get lost(): { readonly count: number; readonly reason: string | undefined } {
    return { count: this.#losses.count, reason: this.#losses.reason };
  }

  mean(): Float64Array {
    return this.#cloud.mean();
  }

  covariance(): Matrix {
    return this.#cloud.covariance();
  }

  /** The smallest value of a state with at least this much weight at or below it. */
  quantile(state: number, probability: number): number {
    return this.#cloud.quantile(state, probability);
  }

  /** A copy of the particles and their weights. */
  cloud(): ParticleCloud {
    const copy = new ParticleCloud(this.#cloud.count, this.#system.states);
    copy.setFrom(this.#cloud);
    return copy;
  }

  predict(to: number): void {
    requireOrder(this.#at, to);
    if (to === this.#at) return;
    const dice = this.#nextDice();
    const from = this.#at;
    const ancestors = this.#scheme === "bootstrap" ? this.#resample(this.#cloud, dice) : undefined;
    const losses = moveParticles(this.#cloud, ancestors, this.#before, dice, (state, blockDice, out) => {
      this.#system.propagate(state, from, to, blockDice, out);
      return 0;
    });
    if (!isPossible(this.#before)) throw losses.error ?? degenerate("the move", to);
    this.#losses.add(losses);
    [this.#cloud, this.#before] = [this.#before, this.#cloud];
    this.#beforeAt = from;
    this.#at = to;
  }

  update(reading: ArrayLike<number>): Assimilation {
    requireReading(reading, this.#system.outputs);
    const values = Float64Array.from(reading);
    const size = values.reduce((count, value) => (Number.isNaN(value) ? count : count + 1), 0);
    const innovation = new Float64Array(values.length).fill(Number.NaN);
    if (size === 0) return { logLikelihood: 0, nis: 0, size: 0, innovation };
    const nis = this.#summary?.of(this.#cloud, values, this.#at, innovation) ?? Number.NaN;
    const from = this.#beforeAt;
    const logLikelihood =
      this.#scheme === "bootstrap" || from === undefined
        ? this.#weigh(values)
        : this.#moveAgain(values, from);
    this.#beforeAt = undefined;
    return { logLikelihood, nis, size, innovation };
  }

  #weigh(reading: Float64Array): number {
    const density = (state: Float64Array) => this.#system.logDensity(reading, state, this.#at);
    const losses = weighParticles(this.#cloud, `the density at ${this.#at}`, density, this.#logs);
    return this.#take(this.#cloud, losses);
  }

  /** The schemes that use a reading to place the particles: from the cloud before the last move. */
  #moveAgain(reading: Float64Array, from: number): number {
    const { propose, lookAhead } = this.#system;
    const before = this.#before;
    const spare = new ParticleCloud(before.count, this.#system.states);
    const dice = this.#nextDice();
    let losses: Losses;
    if (this.#scheme === "guided" && propose) {
      losses = moveParticles(before, this.#resample(before, dice), spare, dice, (state, blockDice, out) =>
        propose.call(this.#system, state, reading, from, this.#at, blockDice, out),
      );
    } else {
      const look = new Float64Array(this.#system.states);
      const preview = (state: Float64Array): number => {
        lookAhead?.call(this.#system, state, from, this.#at, look);
        return this.#system.logDensity(reading, look, this.#at);
      };
      const first = this.#firstStage(before, preview);
      this.#resampling(first, dice.split("resampling"), this.#ancestors);
      losses = moveParticles(before, this.#ancestors, spare, dice, (state, blockDice, out) => {
        this.#system.propagate(state, from, this.#at, blockDice, out);
        return 0;
      });
      this.#ancestors.forEach((ancestor, particle) => {
        const gain = (before.logWeights[ancestor] as number) - Math.log(first[ancestor] as number);
        spare.logWeights[particle] = (spare.logWeights[particle] as number) + gain;
      });
    }
    const density = (state: Float64Array) => this.#system.logDensity(reading, state, this.#at);
    losses.add(weighParticles(spare, `the density at ${this.#at}`, density, this.#logs));
    const logLikelihood = this.#take(spare, losses);
    this.#cloud = spare;
    return logLikelihood;
  }

  /** λ_i: the look ahead's choice, mixed with the weights as they are; only these where it finds nothing possible. */
  #firstStage(before: ParticleCloud, preview: (state: Float64Array) => number): Float64Array {
    const look = new ParticleCloud(before.count, 0);
    // A preview that fails is no loss: the particle itself may still move on.
    weighParticles(before, "the look ahead", preview, look.logWeights);
    const { logTotal } = look.normalise();
    if (logTotal === Number.NEGATIVE_INFINITY) return before.weights.slice();
    return look.weights.map(
      (weight, particle) => (1 - DEFENSIVE) * weight + DEFENSIVE * (before.weights[particle] as number),
    );
  }

  /** Makes `#logs` the weights of a cloud. */
  #take(cloud: ParticleCloud, losses: Losses): number {
    if (this.#logs.every((value) => value === Number.NEGATIVE_INFINITY))
      throw losses.count > 0 && losses.error ? losses.error : degenerate("the reading", this.#at);
    this.#losses.add(losses);
    cloud.logWeights.set(this.#logs);
    return cloud.normalise().logTotal;
  }

  /** Ancestors when the weights have become too uneven; undefined when they may stay. */
  #resample(cloud: ParticleCloud, dice: Dice): Int32Array | undefined {
    if (this.#threshold < 1 && cloud.effectiveSize() >= this.#threshold * cloud.count) return undefined;
    this.#resampling(cloud.weights, dice.split("resampling"), this.#ancestors);
    return this.#ancestors;
  }

  #nextDice(): Dice {
    return this.#dice.split(this.#calls++);
  }
}

function drawStart(start: Start | SampledStart, cloud: ParticleCloud, dice: Dice): void {
  if (!("sample" in start)) {
    requireStart(start, cloud.states.length);
    const { mean, anomalies } = drawMembers(start, cloud.count, dice);
    anomalies.forEach((anomaly, particle) => {
      cloud.write(
        particle,
        anomaly.map((value, state) => value + (mean[state] as number)),
      );
    });
    return;
  }
  const state = new Float64Array(cloud.states.length);
  for (let particle = 0; particle < cloud.count; particle++) {
    start.sample(dice, state);
    const bad = state.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new TwinError(
        "NOT_FINITE",
        `draw ${particle} of the start has ${state[bad]} for state ${bad}`,
        "expected finite draws from a proper start",
      );
    cloud.write(particle, state);
  }
}

const isPossible = (cloud: ParticleCloud): boolean =>
  cloud.logWeights.some((value) => value > Number.NEGATIVE_INFINITY);

const degenerate = (what: string, at: number): TwinError =>
  new TwinError(
    "DEGENERATE",
    `${what} at ${at} is impossible for every particle`,
    "the belief is unchanged: the reading contradicts the model; take more particles, a density with heavier tails, or look for a fault of the sensor",
  );

function checkOptions(system: ParticleSystem, options: ParticleOptions): void {
  const { particles, threshold = 0.5, scheme = "bootstrap" } = options;
  checkedChoice(scheme, ["bootstrap", "auxiliary", "guided"], "the scheme");
  const refuse = (found: string, expected: string): never => {
    throw new TwinError("BAD_OPTION", found, expected);
  };
  if (!Number.isSafeInteger(particles) || particles < 2)
    refuse(`a cloud of ${particles} particles`, "expected a whole number from 2 on; 1,000 is a usual start");
  if (!(threshold >= 0 && threshold <= 1))
    refuse(`the threshold of resampling is ${threshold}`, "expected a share of the particles, 0 to 1");
  if (scheme === "auxiliary" && !system.lookAhead)
    refuse("the auxiliary scheme on a system without lookAhead", "add lookAhead, or take the bootstrap");
  if (scheme === "guided" && !system.propose)
    refuse("the guided scheme on a system without propose", "add propose, or take the bootstrap");
}

import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import type { Dice } from "../../random/dice.ts";
import {
  CheckedSystem,
  requireOrder,
  requireReading,
  requireStart,
  type Start,
} from "../nonlinear/checked-system.ts";
import { unwrap } from "../nonlinear/circles.ts";
import type { Assimilation, Filter } from "../nonlinear/filter.ts";
import type { StochasticSystem } from "../nonlinear/system.ts";
import type { EnsembleAnalysis } from "./analysis.ts";
import { CovarianceRoot } from "./covariance-root.ts";
import { type Deviations, drawMembers, exactMembers, sampleCovariance, spread } from "./deviations.ts";
import { checkInflation, type InflationOptions, inflate, relax, standardDeviations } from "./inflation.ts";
import { gatherAngles, type ObservedEnsemble, summarise } from "./observed.ts";
import { rotate } from "./rotation.ts";
import { addScaled, centre, ReusedRows, zeroRows } from "./rows.ts";
import { Sensors } from "./sensors.ts";
import { squareRootTransform } from "./square-root-transform.ts";

export interface EnsembleOptions extends InflationOptions {
  /** N ≥ 2. */
  readonly members: number;
  readonly dice: Dice;
  /** Default: `squareRootTransform()`. */
  readonly analysis?: EnsembleAnalysis;
  /** Random rotation that keeps mean and covariance, after each analysis. Default false. */
  readonly rotate?: boolean;
  /** `"exact"`: the first ensemble has the start's moments to round-off; needs N > n. Default `"random"`. */
  readonly start?: "random" | "exact";
}

/** A member that the model could not carry on, or that could not be observed. */
export interface LostMember {
  readonly at: number;
  readonly reason: string;
}

/**
 * Ensemble Kalman filter: N states carried by the nonlinear model, with process noise drawn for each (centred over the
 * members), and updated by one of the analyses of this folder from their sample moments. h may be nonlinear: only the
 * members' predicted readings are used.
 *
 *     forecast   x_i ← f(x_i; s, t) + w_i,  w_i ~ N(0, Q(s, t))
 *     analysis   x̄, X ← analysis(x̄, X; y);  rotation;  X ← relaxation, inflation · X
 *
 * A member whose model run fails is dropped and told in `lost`; the ensemble shrinks, and nothing takes its place: a
 * copy or a redraw would claim knowledge that no run produced. With fewer than two members left the call fails with
 * MODEL_FAILED and the belief is unchanged.
 *
 * Every call draws from a stream of its own, numbered, so that what is drawn never depends on earlier consumption.
 * Memory: 2 N (n + m) doubles. The sample covariance has rank < N: `covariance()` is singular for N ≤ n.
 *
 * @see Evensen (2009), Data Assimilation, §§9 and 11; Carrassi et al. (2018), WIREs Climate Change 9(5).
 */
export class EnsembleFilter implements Filter {
  readonly #system: CheckedSystem;
  readonly #options: EnsembleOptions;
  readonly #analysis: EnsembleAnalysis;
  readonly #additive: CovarianceRoot | undefined;
  readonly #lost: LostMember[] = [];
  #at: number;
  #ensemble: Deviations;
  #calls = 0;
  /** The last process noise with its root: most systems give the same one again. */
  #noise: { readonly covariance: Matrix; readonly root: CovarianceRoot } | undefined;
  readonly #sensors: Sensors;
  readonly #members = new ReusedRows();
  readonly #observations = new ReusedRows();

  /**
   * @throws {TwinError} BAD_OPTION; and what an improper start or system raises: BAD_SHAPE, NOT_FINITE, NOT_SYMMETRIC,
   *   NOT_POSITIVE_DEFINITE.
   */
  constructor(system: StochasticSystem, start: Start, options: EnsembleOptions) {
    this.#system = new CheckedSystem(system);
    requireStart(start, system.states);
    this.#analysis = options.analysis ?? squareRootTransform();
    this.#sensors = new Sensors(this.#system.observationNoise);
    checkOptions(options, this.#system.states, this.#analysis, this.#sensors.isDiagonal);
    this.#options = options;
    this.#additive =
      options.additive && new CovarianceRoot(options.additive, system.states, "the additive inflation");
    const draw = options.start === "exact" ? exactMembers : drawMembers;
    this.#ensemble = draw(start, options.members, options.dice.split("start"));
    this.#at = start.at;
  }

  get at(): number {
    return this.#at;
  }

  /** N, without those lost. */
  get size(): number {
    return this.#ensemble.anomalies.length;
  }

  get lost(): readonly LostMember[] {
    return this.#lost;
  }

  mean(): Float64Array {
    return this.#ensemble.mean.slice();
  }

  covariance(): Matrix {
    return sampleCovariance(this.#ensemble);
  }

  /** √(mean variance over the states). */
  spread(): number {
    return spread(this.#ensemble);
  }

  /** N × n, a copy. */
  members(): Matrix {
    const { mean, anomalies } = this.#ensemble;
    const result = new Matrix(anomalies.length, mean.length);
    this.#states().forEach((state, member) => {
      result.data.set(state, member * mean.length);
    });
    return result;
  }

  predict(to: number): void {
    requireOrder(this.#at, to);
    if (to === this.#at) return;
    const root = this.#rootOf(this.#system.processNoise(this.#at, to));
    const next = zeroRows(this.size, this.#system.states);
    const { results, lost } = this.#runAll(next, (state, out) =>
      this.#system.advance(state, this.#at, to, out),
    );
    const kept = results.filter((state) => state !== undefined);
    root.addCentredDraws(this.#nextDice(), kept);
    const mean = new Float64Array(this.#system.states);
    centre(kept, mean);
    this.#ensemble = { mean, anomalies: kept };
    this.#lost.push(...lost.map((reason) => ({ at: to, reason })));
    this.#at = to;
  }

  update(reading: ArrayLike<number>): Assimilation {
    requireReading(reading, this.#system.outputs);
    const present: number[] = [];
    for (let output = 0; output < reading.length; output++)
      if (!Number.isNaN(reading[output])) present.push(output);
    if (present.length === 0) {
      const innovation = new Float64Array(this.#system.outputs).fill(Number.NaN);
      return { logLikelihood: 0, nis: 0, size: 0, innovation };
    }
    const rows = this.#observations.of(this.size, this.#system.outputs);
    const { results, lost } = this.#runAll(rows, (state, out) =>
      this.#system.observe(state, this.#at, out, reading),
    );
    this.#drop(results, lost);
    const seen = results.filter((row) => row !== undefined);
    const mean = new Float64Array(this.#system.outputs);
    const innovation = Float64Array.from(reading);
    const { periods } = this.#system;
    if (periods) gatherAngles(seen, periods);
    centre(seen, mean);
    if (periods) unwrap(innovation, mean, periods);
    addScaled(innovation, -1, mean, mean.length);
    const observed = this.#sensors.whiten(seen, innovation, present);
    const said = summarise(observed, innovation);
    this.#analyse(observed);
    return said;
  }

  #analyse(observed: ObservedEnsemble): void {
    const { relaxation = 0, inflation = 1 } = this.#options;
    const { anomalies } = this.#ensemble;
    const dice = this.#nextDice();
    const before = relaxation > 0 ? standardDeviations(anomalies) : undefined;
    this.#analysis.analyse(this.#ensemble, observed, dice.split("analysis"));
    if (this.#options.rotate) rotate(anomalies, dice.split("rotation"));
    if (before) relax(anomalies, before, relaxation);
    inflate(anomalies, inflation);
    this.#additive?.addCentredDraws(dice.split("additive"), anomalies);
  }

  /** One model call for each member; those that fail are told, not kept. @throws {TwinError} MODEL_FAILED: fewer than two are left. */
  #runAll(
    outputs: readonly Float64Array[],
    run: (state: Float64Array, out: Float64Array) => void,
  ): { readonly results: (Float64Array | undefined)[]; readonly lost: string[] } {
    const lost: string[] = [];
    let failure: unknown;
    const results = this.#states().map((state, member) => {
      const out = outputs[member] as Float64Array;
      try {
        run(state, out);
        return out;
      } catch (error) {
        if (!(error instanceof TwinError)) throw error;
        failure = error;
        lost.push(error.message);
        return undefined;
      }
    });
    if (this.size - lost.length < 2) throw failure;
    return { results, lost };
  }

  /** Takes out the members without an observation. */
  #drop(observations: readonly (Float64Array | undefined)[], reasons: readonly string[]): void {
    if (reasons.length === 0) return;
    const kept = this.#states()
      .filter((_, member) => observations[member] !== undefined)
      .map((state) => state.slice());
    const mean = new Float64Array(this.#system.states);
    centre(kept, mean);
    this.#ensemble = { mean, anomalies: kept };
    this.#lost.push(...reasons.map((reason) => ({ at: this.#at, reason })));
  }

  /** The members themselves, in rows that the next call writes over. */
  #states(): Float64Array[] {
    const { mean, anomalies } = this.#ensemble;
    const states = this.#members.of(anomalies.length, mean.length);
    for (let member = 0; member < states.length; member++) {
      const state = states[member] as Float64Array;
      state.set(mean);
      addScaled(state, 1, anomalies[member] as Float64Array, mean.length);
    }
    return states;
  }

  #nextDice(): Dice {
    return this.#options.dice.split(this.#calls++);
  }

  #rootOf(covariance: Matrix): CovarianceRoot {
    const known = this.#noise;
    if (known?.covariance.data.every((value, index) => value === covariance.data[index])) return known.root;
    const root = new CovarianceRoot(covariance, this.#system.states, "the process noise");
    this.#noise = { covariance: covariance.copy(), root };
    return root;
  }
}

function checkOptions(
  options: EnsembleOptions,
  states: number,
  analysis: EnsembleAnalysis,
  hasDiagonalNoise: boolean,
): void {
  checkInflation(options);
  const least = options.start === "exact" ? states + 1 : 2;
  if (!Number.isSafeInteger(options.members) || options.members < least)
    throw new TwinError(
      "BAD_OPTION",
      `an ensemble of ${options.members} members`,
      `expected a whole number from ${least} on${least > 2 ? ": an exact start needs more members than states" : ""}`,
    );
  if (analysis.needsUncorrelatedNoise && !hasDiagonalNoise)
    throw new TwinError(
      "CORRELATED_NOISE",
      `the observation noise has covariances, and ${analysis.name} localises each output by itself`,
      "expected a diagonal observation noise: transform the outputs, or leave localisation out",
    );
}

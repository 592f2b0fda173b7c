import { checkedChoice } from "../../choice.ts";
import { TwinError } from "../../errors.ts";
import { cholesky } from "../../linear-algebra/cholesky.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { solveLower } from "../../linear-algebra/triangular.ts";
import type { Gaussian } from "../gaussian.ts";
import { AdaptiveNoise } from "./adaptive.ts";
import { DEFAULT_FORM, FORM_NAMES } from "./covariance-form.ts";
import type { AssimilatedScalar, FilteredStep, FilterOptions } from "./filtered.ts";
import { guardedModel } from "./guarded-model.ts";
import { innovationOf } from "./innovation.ts";
import { DIFFUSE_CONVENTIONS, LikelihoodSum } from "./likelihood.ts";
import type { LinearModel, Observation, Transition } from "./model.ts";
import { ModelChecks } from "./model-checks.ts";
import { Recursion } from "./recursion.ts";
import type { RobustRun } from "./robust.ts";
import { RowSplitter, type ScalarRows, scalarValues } from "./scalar-rows.ts";

/** What one row did to the belief. */
export interface RowOutcome {
  readonly observation: Observation;
  readonly scalars: readonly AssimilatedScalar[];
  readonly standardised: Float64Array;
  readonly weights: Float64Array;
  readonly logLikelihood: number;
  readonly nis: number;
  readonly size: number;
  readonly split: ScalarRows;
}

/** One walk through a series. */
export class FilterPass {
  readonly recursion: Recursion;
  readonly sum: LikelihoodSum = new LikelihoodSum();
  readonly #model: LinearModel;
  readonly #checks: ModelChecks;
  readonly #splitter = new RowSplitter();
  readonly #robust: RobustRun | undefined;
  readonly #adaptive: AdaptiveNoise | undefined;
  readonly #ownNoise: FilteredStep["noiseFactors"];
  #at: number | "first reading";
  #step = 0;
  /** By what the gate has widened the belief at this reading. */
  #widened = 1;

  constructor(model: LinearModel, options: FilterOptions) {
    checkedChoice(options.form ?? DEFAULT_FORM, FORM_NAMES, "form");
    checkedChoice(options.diffuse ?? "omit", DIFFUSE_CONVENTIONS, "diffuse");
    this.#model = guardedModel(model);
    this.#checks = new ModelChecks(model);
    this.#at = model.start.at;
    this.#robust = options.robust?.begin();
    this.#adaptive = options.adaptive && new AdaptiveNoise(options.adaptive, model.outputs);
    this.#ownNoise = { process: 1, observation: new Float64Array(model.outputs).fill(1) };
    this.recursion = new Recursion(model, options.form ?? DEFAULT_FORM);
  }

  get at(): number | "first reading" {
    return this.#at;
  }

  /** To the time of the next reading. */
  advance(time: number): Transition | undefined {
    const elapsed = this.#at === "first reading" ? 0 : time - this.#at;
    this.#at = time;
    if (elapsed === 0) return undefined;
    const own = this.#checks.transition(this.#model.transition(elapsed, this.#step));
    const factor = this.#adaptive?.process ?? 1;
    const transition = factor === 1 ? own : { ...own, noise: scaled(own.noise, factor) };
    this.recursion.predict(transition);
    return transition;
  }

  /** The likelihood of a row, and nothing kept of it. */
  absorb(reading: Float64Array): void {
    const [split, values] = this.#scalarsOf(reading);
    for (let index = 0; index < values.length; index++) {
      const { recursion, sum } = this;
      const row = split.rows[index] as Float64Array;
      recursion.absorb(row, values[index] as number, split.noises[index] as number);
      if (recursion.diffuseVariance > 0) sum.addDiffuse(recursion.diffuseVariance);
      else sum.add(recursion.innovation, recursion.variance);
    }
  }

  /** Whether `absorb` does what `assimilate` would. */
  get isPlain(): boolean {
    return this.#robust === undefined && this.#adaptive === undefined;
  }

  assimilate(reading: Float64Array): RowOutcome {
    this.#widened = 1;
    const [split, values, observation] = this.#scalarsOf(reading);
    const before = this.sum.logLikelihood;
    const standardised = new Float64Array(reading.length).fill(Number.NaN);
    const weights = new Float64Array(reading.length).fill(Number.NaN);
    const scalars: AssimilatedScalar[] = [];
    const takeRow = this.#judgeRow(split, values);
    let nis = 0;
    let size = 0;
    split.outputs.forEach((output, index) => {
      const { z, weight } = this.#take(split, values[index] as number, index, takeRow, scalars);
      weights[output] = weight;
      if (Number.isNaN(z)) return;
      standardised[output] = z;
      nis += z * z;
      size++;
    });
    const logLikelihood = this.sum.logLikelihood - before;
    return { observation, scalars, standardised, weights, logLikelihood, nis, size, split };
  }

  step(time: number, reading: Float64Array): FilteredStep {
    const { recursion } = this;
    const transition = this.advance(time);
    const predicted = checkedBelief(recursion, time);
    const diffuse = recursion.directions.matrix();
    const { observation, scalars, standardised, weights, logLikelihood, nis, size, split } =
      this.assimilate(reading);
    return {
      time,
      transition,
      observation,
      reading,
      predicted,
      diffuse,
      stillDiffuse: recursion.directions.matrix(),
      filtered: checkedBelief(recursion, time),
      innovation: innovationOf(observation, predicted.mean, reading),
      standardised,
      nis,
      size,
      logLikelihood,
      weights,
      noiseFactors:
        this.#adaptive === undefined
          ? this.#ownNoise
          : { process: this.#adaptive.process, observation: this.#adaptive.observation.slice() },
      scalars,
      widened: this.#widened,
      split,
    };
  }

  #scalarsOf(reading: Float64Array): [ScalarRows, Float64Array, Observation] {
    const observation = this.#checks.observation(this.#model.observation(this.#step++));
    const split = this.#splitter.split(observation, reading);
    return [split, scalarValues(split, reading), observation];
  }

  /** One scalar; z is its standardised innovation, NaN where it was diffuse. */
  #take(
    split: ScalarRows,
    value: number,
    index: number,
    takeRow: boolean,
    scalars: AssimilatedScalar[],
  ): { readonly z: number; readonly weight: number } {
    const { recursion, sum } = this;
    const row = split.rows[index] as Float64Array;
    const output = split.outputs[index] as number;
    const own = split.noises[index] as number;
    const noise = own * (this.#adaptive?.observation[output] ?? 1);
    if (this.#robust === undefined || this.#isDiffuse(row)) {
      recursion.absorb(row, value, noise);
      scalars.push(scalarOf(recursion, row, value, noise));
      if (recursion.diffuseVariance > 0) {
        sum.addDiffuse(recursion.diffuseVariance);
        return { z: Number.NaN, weight: 1 };
      }
      sum.add(recursion.innovation, recursion.variance);
      this.#adaptive?.learn(output, recursion.innovation, recursion.variance, own);
      return { z: recursion.innovation / Math.sqrt(recursion.variance), weight: 1 };
    }
    const innovation = recursion.residual(row, value);
    const spread = recursion.spread(row);
    const z = innovation / Math.sqrt(spread + noise);
    if (this.#robust.logDensity) sum.addDensity(this.#robust.logDensity(innovation, spread, noise));
    else sum.add(innovation, spread + noise);
    if (!takeRow || !this.#judge(output, z * z)) return { z, weight: 0 };
    const taken = this.#robust.noiseFor?.(innovation, spread, noise) ?? noise;
    recursion.absorb(row, value, taken);
    scalars.push(scalarOf(recursion, row, value, taken));
    if (taken === noise) this.#adaptive?.learn(output, innovation, recursion.variance, own);
    return { z, weight: taken === noise ? 1 : noise / taken };
  }

  #isDiffuse(row: Float64Array): boolean {
    const { directions } = this.recursion;
    return directions.count > 0 && directions.seen(row) > 0;
  }

  #judge(output: number, nis: number): boolean {
    if (this.#robust?.scope !== "output") return true;
    return this.#follow(this.#robust.verdict?.(output, nis, 1), nis);
  }

  /** χ² of the row together, before any of it is taken. Rows that see a diffuse direction are not judged. */
  #judgeRow(split: ScalarRows, values: Float64Array): boolean {
    if (this.#robust?.scope !== "row" || values.length === 0) return true;
    if (split.rows.some((row) => this.#isDiffuse(row))) return true;
    const { recursion } = this;
    const joint = new Matrix(values.length, values.length);
    const along = new Float64Array(recursion.mean.length);
    split.rows.forEach((row, first) => {
      recursion.form.times(row, along);
      split.rows.forEach((other, second) => {
        let sum = first === second ? (split.noises[first] as number) : 0;
        for (let state = 0; state < along.length; state++)
          sum += (along[state] as number) * (other[state] as number);
        joint.set(first, second, sum);
      });
    });
    const residual = new Matrix(
      values.length,
      1,
      values.map((value, index) => recursion.residual(split.rows[index] as Float64Array, value)),
    );
    const white = solveLower(cholesky(joint), residual).data;
    const nis = white.reduce((sum, value) => sum + value * value, 0);
    return this.#follow(this.#robust.verdict?.(-1, nis, values.length), nis / values.length);
  }

  /** Widens the belief where a gate gives in. */
  #follow(verdict: "take" | "leave" | "reacquire" | undefined, excess: number): boolean {
    if (verdict === "reacquire") {
      this.recursion.widen(excess);
      this.#widened *= excess;
    }
    return verdict !== "leave";
  }
}

/** @throws {TwinError} OVERFLOW where a growing mode has left the doubles. */
function checkedBelief({ mean, form }: Recursion, time: number): Gaussian {
  const covariance = form.covariance();
  for (let state = 0; state < mean.length; state++)
    if (!Number.isFinite(mean[state]) || !Number.isFinite(covariance.get(state, state)))
      throw new TwinError(
        "OVERFLOW",
        `at time ${time} state ${state} is ${mean[state]} with variance ${covariance.get(state, state)}`,
        "the transition grows without readings to hold it: check its units and sign, or shorten the gap",
      );
  return { mean: mean.slice(), covariance };
}

const scaled = (matrix: Matrix, factor: number): Matrix =>
  new Matrix(
    matrix.rows,
    matrix.columns,
    matrix.data.map((value) => factor * value),
  );

/** Copies what the recursion's fields hold. */
function scalarOf(recursion: Recursion, row: Float64Array, value: number, noise: number): AssimilatedScalar {
  const { innovation, variance, diffuseVariance } = recursion;
  const gain = recursion.gain.slice();
  const scalar = { row, value, noise, innovation, variance, gain };
  return diffuseVariance === 0 ? scalar : { ...scalar, diffuse: { variance: diffuseVariance } };
}

import { canonicalJson, readState } from "../contract/canonical-json.ts";
import type { Interval, ParameterEstimate, SignalEstimate } from "../contract/parameter-set.ts";
import { sha256 } from "../contract/sha256.ts";
import { definitionDigest } from "../definition/digest.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { TwinError } from "../errors.ts";
import { collapse, type Gaussian, restrict } from "../estimation/gaussian.ts";
import { condition, type Prediction, type Updated } from "../estimation/gaussian-filter.ts";
import { CUBATURE, momentsOf, type SigmaPoints } from "../estimation/unscented-transform.ts";
import { entry, Matrix } from "../linear-algebra/matrix.ts";
import { steadyModel } from "../models/models.ts";
import { ABOVE, BELOW, type SteadyModel } from "../models/process-model.ts";
import { type Marginal, STEEPEST, summarise } from "./density.ts";
import { addBias, confine, type HalfSpace, leadingSigmaPoints, lineariseMargin } from "./regimes.ts";
import type { EvidenceRow } from "./rows.ts";
import { type Bounds, boundsOf, driftRate, fromNatural, slope, toNatural } from "./transform.ts";

/** Belief right after one row: what a causal reader would have said then. */
export interface PosteriorPoint {
  readonly at: number;
  readonly parameters: readonly {
    readonly id: string;
    readonly mean: number;
    readonly sd: number;
    readonly interval90: Interval;
  }[];
  readonly nis: number;
  readonly size: number;
}

/** The posterior as a candidate for a parameter set. */
export interface CandidatePosterior {
  readonly at: number;
  readonly parameters: readonly ParameterEstimate[];
  readonly covariance: readonly number[];
  readonly signals: readonly SignalEstimate[];
}

/** A regime is in doubt while its kink lies within so many standard deviations. */
const DOUBT = 5;
/** At most so many regimes are in doubt at once: 2^2 hypotheses. */
const MOST_IN_DOUBT = 2;
/** A hypothesis below this share of the likeliest is dropped. */
const NEGLIGIBLE = Math.log(1e-9);
const MILLIS_PER_DAY = 86_400_000;

/**
 * Sequential Bayesian calibration: parameters θ = g(z) that wander, sensor biases β that do not.
 *
 *     z_t = z_{t−Δ} + w,  w ~ N(0, q² Δt)          y_t = h(g(z_t)) + β + e,  e ~ N(0, R)
 *
 * State x = (z, β), one joint Gaussian. Sigma points run over z alone, redrawn after the process noise is added; β enters
 * linearly and exactly. Near a kink of h every hypothesis about the regimes is updated with h's smooth continuation, confined to its
 * half-space and weighted by its evidence; the mixture is reported and its moments are carried on.
 *
 * The posterior is a function of the rows in canonical order: of nothing else.
 * @see Särkkä (2013) §6; Simon & Simon (2010) for the truncation; Gordon & Smith (1990) for the collapse (GPB1).
 */
export class Assimilator {
  readonly #definition: TwinDefinition;
  readonly #model: SteadyModel;
  readonly #bounds: readonly Bounds[];
  #belief: Gaussian;
  /** The parameters as they would be believed without any data: what the data taught is measured against it. */
  #unlearnt: Gaussian;
  /** One per parameter: what is reported of the last row's mixture. */
  #marginals: readonly Marginal[];
  #at: number | undefined;
  #modelRuns = 0;
  #points = 0;

  private constructor(definition: TwinDefinition, belief: Gaussian) {
    this.#definition = definition;
    this.#model = steadyModel(definition.model);
    this.#bounds = definition.parameters.map(boundsOf);
    this.#belief = belief;
    this.#unlearnt = {
      mean: belief.mean.slice(0, this.#bounds.length),
      covariance: Matrix.diagonal(belief.covariance.diagonal().slice(0, this.#bounds.length)),
    };
    this.#marginals = marginalsOf([{ weight: 1, gaussian: belief }], this.#bounds.length);
  }

  static start(definition: TwinDefinition): Assimilator {
    const bounds = definition.parameters.map(boundsOf);
    const z = definition.parameters.map(({ prior }, index) =>
      fromNatural(bounds[index] as Bounds, prior.mean),
    );
    const variances = definition.parameters.map(
      ({ prior }, index) =>
        (prior.sd / Math.max(slope(bounds[index] as Bounds, z[index] as number), STEEPEST)) ** 2,
    );
    const biases = definition.signals.map(({ bias, noise }) => Math.max(bias, 1e-6 * noise) ** 2);
    return new Assimilator(definition, {
      mean: Float64Array.from([...z, ...definition.signals.map(() => 0)]),
      covariance: Matrix.diagonal([...variances, ...biases]),
    });
  }

  get at(): number | undefined {
    return this.#at;
  }
  get modelRuns(): number {
    return this.#modelRuns;
  }
  get points(): number {
    return this.#points;
  }

  /** @returns `undefined` for a row that is refused (out of mode, or empty): only time passes then. */
  assimilate(row: EvidenceRow): PosteriorPoint | undefined {
    this.#predict(row.at);
    const seen = this.#definition.signals.flatMap((_, index) =>
      Number.isNaN(row.values[index] ?? Number.NaN) ? [] : [index],
    );
    if (!row.inMode || seen.length === 0) return undefined;
    const hypotheses = this.#hypotheses(row, seen);
    const top = Math.max(...hypotheses.map(({ logWeight }) => logWeight));
    const kept = hypotheses.filter(({ logWeight }) => logWeight - top > NEGLIGIBLE);
    const total = kept.reduce((sum, { logWeight }) => sum + Math.exp(logWeight - top), 0);
    const mixture = kept.map(({ logWeight, gaussian }) => ({
      weight: Math.exp(logWeight - top) / total,
      gaussian: keepNear(gaussian, this.#bounds),
    }));
    this.#marginals = marginalsOf(mixture, this.#bounds.length);
    this.#belief = collapse(mixture);
    this.#unlearnt = keepNear(this.#unlearnt, this.#bounds);
    this.#points++;
    const best = kept.find(({ logWeight }) => logWeight === top);
    return {
      at: row.at,
      parameters: this.#summaries([0.9]).map(({ id, mean, sd, intervals }) => ({
        id,
        mean,
        sd,
        interval90: intervals[0] as Interval,
      })),
      nis: best?.nis ?? 0,
      size: seen.length,
    };
  }

  posterior(): CandidatePosterior {
    const { parameters, signals } = this.#definition;
    const summaries = this.#summaries([0.9, 0.99]);
    const unlearnt = marginalsOf([{ weight: 1, gaussian: this.#unlearnt }], parameters.length);
    const { covariance } = this.#belief;
    const correlation = (row: number, column: number): number =>
      covariance.get(row, column) / Math.sqrt(covariance.get(row, row) * covariance.get(column, column));
    return {
      at: this.#at ?? 0,
      parameters: summaries.map(({ id, mean, sd, intervals }, index) => {
        const without = summarise(unlearnt[index] as Marginal, this.#bounds[index] as Bounds, []).sd;
        return {
          id,
          unit: parameters[index]?.unit ?? "1",
          mean,
          sd,
          interval90: intervals[0] as Interval,
          interval99: intervals[1] as Interval,
          identifiable: identifiability(sd / without),
        };
      }),
      covariance: summaries.flatMap((one, row) =>
        summaries.map(
          (other, column) => (row === column ? one.sd : correlation(row, column) * one.sd) * other.sd,
        ),
      ),
      signals: signals.map(({ id, noise }, index) => ({
        id,
        noise,
        bias: entry(this.#belief.mean, parameters.length + index),
        biasSd: Math.sqrt(covariance.get(parameters.length + index, parameters.length + index)),
      })),
    };
  }

  /** SHA-256 of the canonical means and covariance in transformed coordinates, definition order, 12 significant digits. */
  digest(): string {
    return sha256(canonicalJson({ covariance: this.#belief.covariance.data, means: this.#belief.mean }, 12));
  }

  /** Everything that the next row depends on, bit-exact. */
  checkpoint(): string {
    return canonicalJson({
      at: this.#at ?? null,
      covariance: this.#belief.covariance.data,
      definition: definitionDigest(this.#definition),
      mean: this.#belief.mean,
      marginals: this.#marginals,
      modelRuns: this.#modelRuns,
      points: this.#points,
      unlearnt: { covariance: this.#unlearnt.covariance.data, mean: this.#unlearnt.mean },
    });
  }

  /** @throws {TwinError} BAD_CHECKPOINT */
  static restore(definition: TwinDefinition, checkpoint: string): Assimilator {
    const size = definition.parameters.length + definition.signals.length;
    const found = readState<Checkpoint>(checkpoint);
    if (
      found?.definition !== definitionDigest(definition) ||
      found.mean?.length !== size ||
      found.covariance?.length !== size * size ||
      !found.unlearnt
    ) {
      throw new TwinError(
        "BAD_CHECKPOINT",
        "the checkpoint is damaged or was made with another twin definition",
        "start from the prior and replay the history",
      );
    }
    const read = found as Checkpoint;
    const restored = new Assimilator(definition, {
      mean: Float64Array.from(read.mean),
      covariance: new Matrix(size, size, Float64Array.from(read.covariance)),
    });
    restored.#marginals = read.marginals;
    restored.#at = read.at ?? undefined;
    restored.#unlearnt = {
      mean: Float64Array.from(read.unlearnt.mean),
      covariance: new Matrix(
        read.unlearnt.mean.length,
        read.unlearnt.mean.length,
        Float64Array.from(read.unlearnt.covariance),
      ),
    };
    restored.#modelRuns = read.modelRuns;
    restored.#points = read.points;
    return restored;
  }

  #predict(at: number): void {
    const days = this.#at === undefined ? 0 : (at - this.#at) / MILLIS_PER_DAY;
    if (days < 0)
      throw new TwinError(
        "OUT_OF_ORDER",
        `a row of ${at} after one of ${this.#at}`,
        "assimilate rows in order of event time; restore an earlier checkpoint for late data",
      );
    this.#at = at;
    if (days === 0) return;
    this.#belief = this.#wander(this.#belief, days);
    this.#unlearnt = this.#wander(this.#unlearnt, days);
    this.#marginals = marginalsOf([{ weight: 1, gaussian: this.#belief }], this.#bounds.length);
  }

  #wander({ mean, covariance }: Gaussian, days: number): Gaussian {
    const wider = covariance.copy();
    for (const [index, { drift }] of this.#definition.parameters.entries()) {
      const rate = driftRate(this.#bounds[index] as Bounds, entry(mean, index), drift);
      wider.add(index, index, rate * rate * days);
    }
    return { mean, covariance: wider };
  }

  /** One update per hypothesis about the regimes that are in doubt; elsewhere the regime is the one on whose side the mean lies. */
  #hypotheses(row: EvidenceRow, seen: readonly number[]): Updated[] {
    const { parameters, signals } = this.#definition;
    const sigma = leadingSigmaPoints(this.#belief, parameters.length, CUBATURE);
    const regimes = new Int8Array(parameters.length);
    const margins = this.#margins(this.#belief.mean);
    const doubtful = parameters
      .map((_, index) => ({
        index,
        distance: Math.abs(entry(margins, index)) / Math.sqrt(this.#belief.covariance.get(index, index)),
      }))
      .sort((left, right) => left.distance - right.distance)
      .filter(({ distance }, rank) => distance < DOUBT && rank < MOST_IN_DOUBT)
      .map(({ index }) => index);
    for (const index of parameters.keys()) regimes[index] = entry(margins, index) > 0 ? ABOVE : BELOW;
    const reading = Float64Array.from(seen, (index) => row.values[index] as number);
    const noise = Float64Array.from(seen, (index) => signals[index]?.noise ?? 1);
    const results: Updated[] = [];
    for (let choice = 0; choice < 2 ** doubtful.length; choice++) {
      for (const [bit, index] of doubtful.entries()) regimes[index] = (choice >> bit) & 1 ? ABOVE : BELOW;
      const { prediction, spaces } = this.#anticipate(sigma, regimes, doubtful, seen);
      results.push(confine(condition(this.#belief, prediction, noise, reading), spaces));
    }
    return results;
  }

  /** Signed distance z − z_kink of each parameter from its kink, at a point. */
  #margins(mean: Float64Array): Float64Array {
    const outputs = new Float64Array(this.#model.outputs.length);
    this.#run(mean, outputs);
    return this.#marginsOf(mean, outputs);
  }

  #marginsOf(z: Float64Array, outputs: Float64Array): Float64Array {
    const kinks = new Float64Array(this.#bounds.length);
    this.#model.kinks(outputs, kinks);
    return kinks.map((kink, index) =>
      kink < (this.#bounds[index] as Bounds).high
        ? entry(z, index) - fromNatural(this.#bounds[index] as Bounds, kink)
        : Number.NEGATIVE_INFINITY,
    );
  }

  #run(z: Float64Array, outputs: Float64Array, regimes?: Int8Array): void {
    this.#model.evaluate(
      Float64Array.from(this.#bounds, (bound, index) => toNatural(bound, entry(z, index))),
      outputs,
      regimes,
    );
    this.#modelRuns++;
  }

  #anticipate(
    sigma: SigmaPoints,
    regimes: Int8Array,
    doubtful: readonly number[],
    seen: readonly number[],
  ): { prediction: Prediction; spaces: HalfSpace[] } {
    const size = this.#bounds.length;
    const outputs = new Float64Array(this.#model.outputs.length);
    const images = new Matrix(sigma.points.rows, seen.length);
    const margins = doubtful.map(() => new Float64Array(sigma.points.rows));
    for (let point = 0; point < sigma.points.rows; point++) {
      const z = sigma.points.data.subarray(point * size, (point + 1) * size);
      this.#run(z, outputs, regimes);
      for (const [column, index] of seen.entries()) images.set(point, column, entry(outputs, index));
      if (doubtful.length === 0) continue;
      const all = this.#marginsOf(z, outputs);
      for (const [which, index] of doubtful.entries())
        (margins[which] as Float64Array)[point] = entry(all, index) * (regimes[index] === ABOVE ? 1 : -1);
    }
    const spaces = margins.map((margin) => lineariseMargin(sigma, this.#belief, margin));
    return {
      prediction: addBias(
        this.#belief,
        size,
        momentsOf(sigma, this.#belief.mean.slice(0, size), images),
        seen,
      ),
      spaces,
    };
  }

  #summaries(
    levels: readonly number[],
  ): { id: string; mean: number; sd: number; intervals: readonly Interval[] }[] {
    return this.#definition.parameters.map(({ id }, index) => {
      return { id, ...summarise(this.#marginals[index] as Marginal, this.#bounds[index] as Bounds, levels) };
    });
  }
}

interface Checkpoint {
  readonly definition: string;
  readonly mean: number[];
  readonly covariance: number[];
  readonly marginals: readonly Marginal[];
  readonly at: number | null;
  readonly unlearnt: { readonly mean: number[]; readonly covariance: number[] };
  readonly modelRuns: number;
  readonly points: number;
}

const marginalsOf = (
  mixture: readonly { readonly weight: number; readonly gaussian: Gaussian }[],
  count: number,
): Marginal[] =>
  Array.from({ length: count }, (_, index) =>
    mixture.map(({ weight, gaussian }) => ({
      weight,
      mean: entry(gaussian.mean, index),
      sd: Math.sqrt(gaussian.covariance.get(index, index)),
    })),
  );

/** Beyond so many knees outside a bound θ no longer changes: z is not let further, or it would wander off unseen. */
const FLAT = 12;
/** A bound further away than this (standard deviations) takes no mass. */
const FAR = 5;

/** Restricts z to where g still moves: low − 4c < z < high + 4c. */
function keepNear(gaussian: Gaussian, bounds: readonly Bounds[]): Gaussian {
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

const identifiability = (contraction: number): ParameterEstimate["identifiable"] =>
  contraction < 0.1 ? "well" : contraction < 0.7 ? "weakly" : "not";

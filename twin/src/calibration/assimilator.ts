import { canonicalJson, readState } from "../contract/canonical-json.ts";
import type { Interval } from "../contract/parameter-set.ts";
import { sha256 } from "../contract/sha256.ts";
import { definitionDigest } from "../definition/digest.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { TwinError } from "../errors.ts";
import { collapse, type Gaussian } from "../estimation/gaussian.ts";
import type { Updated } from "../estimation/gaussian-filter.ts";
import { Matrix } from "../linear-algebra/matrix.ts";
import { MILLIS_PER_DAY } from "../units.ts";
import { type Marginal, massBelow } from "./density.ts";
import { inspected, renewed } from "./evidence/belief-changes.ts";
import type { DeclaredEvent } from "./evidence/declared-event.ts";
import { Hypotheses, measured, type Observed, observedIn } from "./hypotheses.ts";
import { afterJump, isSurprising, RARE } from "./jump.ts";
import {
  type CandidatePosterior,
  candidatePosterior,
  marginalsOf,
  type PosteriorPoint,
  summaries,
} from "./posterior.ts";
import type { EvidenceRow } from "./rows.ts";
import { type Bounds, boundsOf } from "./soft-clamp.ts";
import { keepNear, priorBelief, wander } from "./wandering.ts";

/** A hypothesis below this share of the likeliest is dropped. */
const NEGLIGIBLE = Math.log(1e-9);

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
  readonly #bounds: readonly Bounds[];
  #belief: Gaussian;
  /** The parameters as they would be believed without any data: what the data taught is measured against it. */
  #unlearnt: Gaussian;
  /** One per parameter: what is reported of the last row's mixture. */
  #marginals: readonly Marginal[];
  #at: number | undefined;
  readonly #hypotheses: Hypotheses;
  #points = 0;

  private constructor(definition: TwinDefinition, belief: Gaussian, modelRuns: number) {
    this.#definition = definition;
    this.#bounds = definition.parameters.map(boundsOf);
    this.#hypotheses = new Hypotheses(definition, this.#bounds, modelRuns);
    this.#belief = belief;
    this.#unlearnt = {
      mean: belief.mean.slice(0, this.#bounds.length),
      covariance: Matrix.diagonal(belief.covariance.diagonal().slice(0, this.#bounds.length)),
    };
    this.#marginals = marginalsOf([{ weight: 1, gaussian: belief }], this.#bounds.length);
  }

  static start(definition: TwinDefinition): Assimilator {
    return new Assimilator(definition, priorBelief(definition, definition.parameters.map(boundsOf)), 0);
  }

  get at(): number | undefined {
    return this.#at;
  }
  get modelRuns(): number {
    return this.#hypotheses.modelRuns;
  }
  get points(): number {
    return this.#points;
  }

  /** @returns `undefined` for a row that is refused (out of mode, or empty): only time passes then. */
  assimilate(row: EvidenceRow): PosteriorPoint | undefined {
    this.#predict(row.at);
    const observed = observedIn(this.#definition, row);
    if (!row.inMode || observed.outputs.length === 0) return undefined;
    const { nis } = this.#learn(observed);
    this.#unlearnt = keepNear(this.#unlearnt, this.#bounds);
    this.#points++;
    return {
      at: row.at,
      parameters: summaries(this.#definition, this.#bounds, this.#marginals, [0.9]).map(
        ({ id, mean, sd, intervals }) => ({ id, mean, sd, interval90: intervals[0] as Interval }),
      ),
      nis,
      size: observed.outputs.length,
    };
  }

  /**
   * Takes evidence that no stream carries: an inspection, a measurement by other means, a part replaced.
   * @throws {TwinError} OUT_OF_ORDER; the event itself is checked by `inCanonicalOrder`.
   */
  declare(event: DeclaredEvent): void {
    this.#predict(event.at);
    const { parameters } = this.#definition;
    if (event.kind === "measurement") {
      const output = this.#hypotheses.outputIndex(event.output);
      this.#learn(measured(output, event));
      return;
    }
    const index = parameters.findIndex(({ id }) => id === event.parameter);
    const bounds = this.#bounds[index] as Bounds;
    if (event.kind === "inspection") {
      this.#believe([{ weight: 1, gaussian: inspected(this.#belief, index, bounds, event) }]);
      return;
    }
    const prior = event.prior ?? (parameters[index] as (typeof parameters)[number]).prior;
    this.#unlearnt = renewed(this.#unlearnt, index, bounds, prior);
    this.#believe([{ weight: 1, gaussian: renewed(this.#belief, index, bounds, prior) }]);
  }

  /** Bayes' rule over all explanations; gives the likeliest. */
  #learn(observed: Observed): Updated {
    const explanations = this.#explanations(observed);
    const best = explanations.reduce((found, one) => (one.logWeight > found.logWeight ? one : found));
    const kept = explanations.filter(({ logWeight }) => logWeight - best.logWeight > NEGLIGIBLE);
    const total = kept.reduce((sum, { logWeight }) => sum + Math.exp(logWeight - best.logWeight), 0);
    this.#believe(
      kept.map(({ logWeight, gaussian }) => ({
        weight: Math.exp(logWeight - best.logWeight) / total,
        gaussian,
      })),
    );
    return best;
  }

  #believe(explanations: readonly { readonly weight: number; readonly gaussian: Gaussian }[]): void {
    const mixture = explanations.map(({ weight, gaussian }) => ({
      weight,
      gaussian: keepNear(gaussian, this.#bounds),
    }));
    this.#marginals = marginalsOf(mixture, this.#bounds.length);
    this.#belief = collapse(mixture);
  }

  /** By wear; and by a jump too where wear alone will not do. */
  #explanations(observed: Observed): Updated[] {
    const worn = this.#hypotheses.update(this.#belief, observed);
    if (worn.length === 0)
      throw new TwinError(
        "MODEL_FAILED",
        `model ${this.#definition.model} gives no finite outputs around what is believed at ${this.#at}`,
        "narrow the parameters' bounds to where the model holds",
      );
    if (!isSurprising(worn)) return worn;
    const jumped = this.#hypotheses.update(afterJump(this.#belief, this.#bounds), observed);
    return [...worn, ...jumped.map((one) => ({ ...one, logWeight: one.logWeight + RARE }))];
  }

  posterior(): CandidatePosterior {
    return candidatePosterior(this.#definition, this.#bounds, {
      at: this.#at ?? 0,
      belief: this.#belief,
      marginals: this.#marginals,
      unlearnt: this.#unlearnt,
    });
  }

  /**
   * P(θ ≤ value | all so far) of one parameter, on its natural scale.
   * @throws {TwinError} UNKNOWN_PARAMETER
   */
  probabilityBelow(parameter: string, value: number): number {
    const index = this.#definition.parameters.findIndex(({ id }) => id === parameter);
    const marginal = this.#marginals[index];
    const bounds = this.#bounds[index];
    if (!marginal || !bounds)
      throw new TwinError(
        "UNKNOWN_PARAMETER",
        `${this.#definition.id} has no parameter ${JSON.stringify(parameter)}`,
        `expected one of ${this.#definition.parameters.map(({ id }) => id).join(", ")}`,
      );
    return massBelow(marginal, bounds, value);
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
      modelRuns: this.#hypotheses.modelRuns,
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
    const restored = new Assimilator(definition, gaussianOf(read), read.modelRuns);
    restored.#marginals = read.marginals;
    restored.#at = read.at ?? undefined;
    restored.#unlearnt = gaussianOf(read.unlearnt);
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
    this.#belief = wander(this.#belief, this.#definition, this.#bounds, days);
    this.#unlearnt = wander(this.#unlearnt, this.#definition, this.#bounds, days);
    this.#marginals = marginalsOf([{ weight: 1, gaussian: this.#belief }], this.#bounds.length);
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

const gaussianOf = ({ mean, covariance }: { mean: number[]; covariance: number[] }): Gaussian => ({
  mean: Float64Array.from(mean),
  covariance: new Matrix(mean.length, mean.length, Float64Array.from(covariance)),
});

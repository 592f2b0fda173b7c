import { canonicalJson } from "../contract/canonical-json.ts";
import type { Interval } from "../contract/parameter-set.ts";
import { sha256 } from "../contract/sha256.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { FaultsError, TwinError } from "../errors.ts";
import { collapse, type Gaussian } from "../estimation/gaussian.ts";
import type { Updated } from "../estimation/gaussian-filter.ts";
import { Matrix } from "../linear-algebra/matrix.ts";
import { MILLIS_PER_DAY } from "../units.ts";
import { type AssimilatorState, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { massBelow } from "./density.ts";
import { inspected, renewed } from "./evidence/belief-changes.ts";
import { checkEvent, type DeclaredEvent } from "./evidence/declared-event.ts";
import { Hypotheses, measured, type Observed, observedIn } from "./hypotheses.ts";
import { afterJump, isSurprising, RARE } from "./jump.ts";
import {
  type CandidatePosterior,
  candidatePosterior,
  marginalsOf,
  type PosteriorPoint,
  summaries,
} from "./posterior.ts";
import { checkRow, type EvidenceRow } from "./rows.ts";
import { type Bounds, boundsOf } from "./soft-clamp.ts";
import { keepNear, priorBelief, wander } from "./wandering.ts";

/** A hypothesis below this share of the likeliest is dropped. */
const NEGLIGIBLE = Math.log(1e-9);

/** A row with a larger NIS is too far from all that is believed: of the update's 16 digits the shift would leave none. */
const TOO_FAR = 1e16;

/**
 * Sequential Bayesian calibration: parameters θ = g(z) that wander, sensor biases β that do not.
 *
 *     z_t = z_{t−Δ} + w,  w ~ N(0, q² Δt)          y_t = h(g(z_t)) + β + e,  e ~ N(0, R)
 *
 * State x = (z, β), one joint Gaussian. Sigma points run over z alone, redrawn after the process noise is added; β enters
 * linearly and exactly. Near a kink of h every hypothesis about the regimes is updated with h's smooth continuation, confined to its
 * half-space and weighted by its evidence; the mixture is reported and its moments are carried on.
 *
 * The posterior is a function of the rows in canonical order: of nothing else. Evidence that is refused by an error changes nothing.
 * @see Särkkä (2013) §6; Simon & Simon (2010) for the truncation; Gordon & Smith (1990) for the collapse (GPB1).
 */
export class Assimilator {
  readonly #definition: TwinDefinition;
  readonly #bounds: readonly Bounds[];
  readonly #hypotheses: Hypotheses;
  #state: AssimilatorState;

  private constructor(definition: TwinDefinition, state: AssimilatorState) {
    this.#definition = definition;
    this.#bounds = definition.parameters.map(boundsOf);
    this.#hypotheses = new Hypotheses(definition, this.#bounds, state.modelRuns);
    this.#state = state;
  }

  static start(definition: TwinDefinition): Assimilator {
    const belief = priorBelief(definition, definition.parameters.map(boundsOf));
    const count = definition.parameters.length;
    return new Assimilator(definition, {
      at: undefined,
      belief,
      marginals: marginalsOf([{ weight: 1, gaussian: belief }], count),
      unlearnt: {
        mean: belief.mean.slice(0, count),
        covariance: Matrix.diagonal(belief.covariance.diagonal().slice(0, count)),
      },
      modelRuns: 0,
      points: 0,
    });
  }

  get at(): number | undefined {
    return this.#state.at;
  }
  get modelRuns(): number {
    return this.#hypotheses.modelRuns;
  }
  get points(): number {
    return this.#state.points;
  }

  /**
   * @returns `undefined` for a row that is left out (out of mode, or empty): only time passes then.
   * @throws {TwinError} BAD_ROW for values that are no usable readings, or that lie too far from all that is believed;
   *   OUT_OF_ORDER; MODEL_FAILED. Nothing has changed then.
   */
  assimilate(row: EvidenceRow): PosteriorPoint | undefined {
    checkRow(this.#definition, row);
    return this.#wholly(() => {
      this.#predict(row.at);
      const observed = observedIn(this.#definition, row);
      if (!row.inMode || observed.outputs.length === 0) return undefined;
      const best = this.#learn(observed);
      const parameters = this.#reported();
      if (!best || !parameters)
        throw new TwinError(
          "BAD_ROW",
          `the row of ${row.at} (${row.values.join(", ")}) lies so far from all that is believed that no digit of the answer would hold`,
          "look for the sensor that failed and put NaN in its place",
        );
      const unlearnt = keepNear(this.#state.unlearnt, this.#bounds);
      this.#state = { ...this.#state, unlearnt, points: this.#state.points + 1 };
      return { at: row.at, parameters, nis: best.nis, size: observed.outputs.length };
    });
  }

  /**
   * Takes evidence that no stream carries: an inspection, a measurement by other means, a part replaced.
   * @throws {FaultsError} BAD_EVENTS
   * @throws {TwinError} OUT_OF_ORDER. Nothing has changed then.
   */
  declare(event: DeclaredEvent): void {
    checkEvent(this.#definition, event);
    this.#wholly(() => {
      this.#predict(event.at);
      if (this.#hear(event) && this.#reported()) return;
      throw new FaultsError(
        "BAD_EVENTS",
        "the declared event",
        [{ path: `event ${event.id}`, found: JSON.stringify(event), expected: "what can be true at all" }],
        "it lies so far from all that is believed that no digit of the answer would hold: correct it",
      );
    });
  }

  /** @returns whether it could be taken. */
  #hear(event: DeclaredEvent): boolean {
    if (event.kind === "measurement")
      return this.#learn(measured(this.#hypotheses.outputIndex(event.output), event)) !== undefined;
    const { parameters } = this.#definition;
    const index = parameters.findIndex(({ id }) => id === event.parameter);
    const bounds = this.#bounds[index] as Bounds;
    const { belief, unlearnt, marginals } = this.#state;
    if (event.kind === "inspection") {
      this.#believe([{ weight: 1, gaussian: inspected(belief, index, bounds, event) }]);
      return true;
    }
    const prior = event.prior ?? (parameters[index] as (typeof parameters)[number]).prior;
    const anew = renewed(belief, index, bounds, prior);
    // What is reported of the others stays to the last bit: nothing was learnt of them.
    const own = marginalsOf([{ weight: 1, gaussian: anew }], parameters.length);
    this.#state = {
      ...this.#state,
      belief: anew,
      unlearnt: renewed(unlearnt, index, bounds, prior),
      marginals: marginals.map((marginal, other) => (other === index ? (own[index] ?? marginal) : marginal)),
    };
    return true;
  }

  /** A step is taken whole or not at all. */
  #wholly<T>(step: () => T): T {
    const before = this.#state;
    const { modelRuns } = this.#hypotheses;
    try {
      return step();
    } catch (error) {
      this.#state = before;
      this.#hypotheses.modelRuns = modelRuns;
      throw error;
    }
  }

  /** Bayes' rule over all explanations; gives the likeliest, or undefined where none is within reach. */
  #learn(observed: Observed): Updated | undefined {
    const explanations = this.#explanations(observed).filter(({ logWeight }) => Number.isFinite(logWeight));
    const [first] = explanations;
    if (!first) return undefined;
    const best = explanations.reduce((found, one) => (one.logWeight > found.logWeight ? one : found), first);
    if (!(best.nis < TOO_FAR)) return undefined;
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
    this.#state = {
      ...this.#state,
      marginals: marginalsOf(mixture, this.#bounds.length),
      belief: collapse(mixture),
    };
  }

  /** What a causal reader is told of the parameters; undefined where the numbers have no digits left. */
  #reported(): PosteriorPoint["parameters"] | undefined {
    const { belief, marginals } = this.#state;
    const told = summaries(this.#definition, this.#bounds, marginals, [0.9]).map(
      ({ id, mean, sd, intervals }) => ({ id, mean, sd, interval90: intervals[0] as Interval }),
    );
    const sound =
      told.every(({ mean, sd }) => Number.isFinite(mean) && sd > 0) &&
      belief.mean.every(Number.isFinite) &&
      belief.covariance.diagonal().every((variance) => variance > 0 && Number.isFinite(variance));
    return sound ? told : undefined;
  }

  /** By wear; and by a jump too where wear alone will not do. */
  #explanations(observed: Observed): Updated[] {
    const worn = this.#hypotheses.update(this.#state.belief, observed);
    if (worn.length === 0)
      throw new TwinError(
        "MODEL_FAILED",
        `model ${this.#definition.model} gives no finite outputs around what is believed at ${this.at}`,
        "narrow the parameters' bounds to where the model holds",
      );
    if (!isSurprising(worn)) return worn;
    const jumped = this.#hypotheses.update(afterJump(this.#state.belief, this.#bounds), observed);
    return [...worn, ...jumped.map((one) => ({ ...one, logWeight: one.logWeight + RARE }))];
  }

  posterior(): CandidatePosterior {
    return candidatePosterior(this.#definition, this.#bounds, {
      ...this.#state,
      at: this.at ?? 0,
    });
  }

  /**
   * P(θ ≤ value | all so far) of one parameter, on its natural scale.
   * @throws {TwinError} UNKNOWN_PARAMETER
   */
  probabilityBelow(parameter: string, value: number): number {
    const index = this.#definition.parameters.findIndex(({ id }) => id === parameter);
    const marginal = this.#state.marginals[index];
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
    const { mean, covariance } = this.#state.belief;
    return sha256(canonicalJson({ covariance: covariance.data, means: mean }, 12));
  }

  /** Everything that the next row depends on, bit-exact. */
  checkpoint(): string {
    return writeCheckpoint(this.#definition, { ...this.#state, modelRuns: this.modelRuns });
  }

  /** @throws {TwinError} BAD_CHECKPOINT */
  static restore(definition: TwinDefinition, checkpoint: string): Assimilator {
    return new Assimilator(definition, readCheckpoint(definition, checkpoint));
  }

  #predict(at: number): void {
    const { at: last, belief, unlearnt } = this.#state;
    const days = last === undefined ? 0 : (at - last) / MILLIS_PER_DAY;
    if (days < 0)
      throw new TwinError(
        "OUT_OF_ORDER",
        `a row of ${at} after one of ${last}`,
        "assimilate rows in order of event time; restore an earlier checkpoint for late data",
      );
    this.#state = { ...this.#state, at };
    if (days === 0) return;
    const wider = wander(belief, this.#definition, this.#bounds, days);
    this.#state = {
      ...this.#state,
      belief: wider,
      unlearnt: wander(unlearnt, this.#definition, this.#bounds, days),
      marginals: marginalsOf([{ weight: 1, gaussian: wider }], this.#bounds.length),
    };
  }
}

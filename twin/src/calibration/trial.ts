import { canonicalJson, readState } from "../contract/canonical-json.ts";
import type { ParameterSet } from "../contract/parameter-set.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { TwinError } from "../errors.ts";
import type { Row } from "../estimation/observer.ts";
import { chiSquaredInverseSurvival } from "../probability/chi-squared.ts";
import { ageOf, type Belief, beliefOf, predictive, scoreRow } from "./predictive.ts";

export type TrialVerdict =
  | { readonly kind: "continue" }
  | { readonly kind: "commit"; readonly reason: string }
  | { readonly kind: "revert"; readonly reason: string };

/** An honest candidate is called inconsistent less often than this. */
const RARE = 1e-4;

interface TrialState {
  readonly started: number;
  readonly rows: number;
  /** ln p of the rows so far, candidate minus incumbent. */
  readonly advantage: number;
  /** Per signal: sum of readings and their number. */
  readonly sums: readonly number[];
  readonly counts: readonly number[];
}

/**
 * A candidate set runs beside the incumbent on live rows.
 *
 * Committed after `trialRows` good, in-mode rows if (1) its predictive score is no worse than the incumbent's and (2) the NIS of
 * the rows' *mean* is inside its χ² bound: errors of the parameters are common to all rows, so single rows are not
 * independent, but their mean is Gaussian with covariance H P Hᵀ + R/K. Else reverted, with the reason.
 */
export class Trial {
  readonly #definition: TwinDefinition;
  readonly #incumbent: { readonly set: ParameterSet; readonly belief: Belief };
  readonly #candidate: { readonly set: ParameterSet; readonly belief: Belief };
  #state: TrialState;

  private constructor(
    definition: TwinDefinition,
    incumbent: ParameterSet,
    candidate: ParameterSet,
    state: TrialState,
  ) {
    this.#definition = definition;
    this.#incumbent = { set: incumbent, belief: beliefOf(incumbent) };
    this.#candidate = { set: candidate, belief: beliefOf(candidate) };
    this.#state = state;
  }

  static start(
    definition: TwinDefinition,
    incumbent: ParameterSet,
    candidate: ParameterSet,
    at: number,
  ): Trial {
    const zeros = definition.signals.map(() => 0);
    return new Trial(definition, incumbent, candidate, {
      started: at,
      rows: 0,
      advantage: 0,
      sums: zeros,
      counts: zeros,
    });
  }

  get rows(): number {
    return this.#state.rows;
  }

  row({ at, values, inMode }: Row): TrialVerdict {
    const { trialLimit, trialRows } = this.#definition.policy;
    if (at - this.#state.started > trialLimit)
      return {
        kind: "revert",
        reason: `no evidence: ${this.#state.rows} of ${trialRows} rows in the trial's time limit`,
      };
    if (!inMode || values.every((value) => Number.isNaN(value))) return { kind: "continue" };
    const candidate = scoreRow(this.#definition, this.#predict(this.#candidate, at), values);
    const incumbent = scoreRow(this.#definition, this.#predict(this.#incumbent, at), values);
    this.#state = {
      ...this.#state,
      rows: this.#state.rows + 1,
      advantage: this.#state.advantage + candidate.logScore - incumbent.logScore,
      sums: this.#state.sums.map(
        (sum, index) => sum + (Number.isNaN(values[index] ?? Number.NaN) ? 0 : (values[index] as number)),
      ),
      counts: this.#state.counts.map(
        (count, index) => count + (Number.isNaN(values[index] ?? Number.NaN) ? 0 : 1),
      ),
    };
    return this.#state.rows < trialRows ? { kind: "continue" } : this.#verdict(at);
  }

  #predict(
    { set, belief }: { set: ParameterSet; belief: Belief },
    at: number,
  ): ReturnType<typeof predictive> {
    return predictive(this.#definition, belief, ageOf(set, at, this.#candidate.set.window[1]));
  }

  #verdict(at: number): TrialVerdict {
    const { advantage, sums, counts, rows } = this.#state;
    const means = sums.map((sum, index) =>
      (counts[index] ?? 0) === 0 ? Number.NaN : sum / (counts[index] as number),
    );
    const { nis, size } = scoreRow(this.#definition, this.#predict(this.#candidate, at), means, rows);
    const bound = chiSquaredInverseSurvival(RARE, size);
    const told = `score ${advantage >= 0 ? "+" : ""}${advantage.toFixed(1)} against the incumbent, NIS ${nis.toFixed(1)} of ${bound.toFixed(1)} over ${rows} rows`;
    if (advantage < 0) return { kind: "revert", reason: `predicts worse: ${told}` };
    if (nis > bound) return { kind: "revert", reason: `inconsistent: ${told}` };
    return { kind: "commit", reason: told };
  }

  snapshot(): string {
    return canonicalJson(this.#state);
  }

  /** @throws {TwinError} BAD_SNAPSHOT */
  static restore(
    definition: TwinDefinition,
    incumbent: ParameterSet,
    candidate: ParameterSet,
    snapshot: string,
  ): Trial {
    const state = readState<TrialState>(snapshot);
    if (
      state?.sums?.length !== definition.signals.length ||
      state.counts?.length !== definition.signals.length
    ) {
      throw new TwinError(
        "BAD_SNAPSHOT",
        "the trial's snapshot is damaged or belongs to another twin definition",
        "end the trial: the candidate can be published again under a newer version",
      );
    }
    return new Trial(definition, incumbent, candidate, state as TrialState);
  }
}

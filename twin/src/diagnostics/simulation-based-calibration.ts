import { TwinError } from "../errors.ts";
import { entry, type Matrix, shapeError } from "../linear-algebra/matrix.ts";
import type { Dice } from "../random/dice.ts";
import { randomisedRank } from "./ensemble-consistency.ts";
import { type QuantityRanks, type RankReport, reportRanks } from "./rank-report.ts";

/** What an estimator gives for one simulated data set. */
export type Fit =
  /** Posterior draws, rows = draws, columns = parameters; nearly independent, at least as many as are asked for. */
  | { readonly kind: "draws"; readonly draws: Matrix }
  /** P(quantity ≤ truth) by the estimator's own distribution function, one for each quantity. */
  | { readonly kind: "pit"; readonly values: ArrayLike<number> }
  /** Number of posterior draws below the truth, out of `draws`, one for each quantity. */
  | { readonly kind: "ranks"; readonly ranks: ArrayLike<number> };

/** Something whose posterior is checked. Without `of` it is the parameter of its own index. */
export interface TestQuantity<Data> {
  readonly name: string;
  /**
   * May look at the data: an estimator that ignores them and returns the prior passes every test of parameters alone, but not
   * one of the log-likelihood.
   * @see Modrák, Moon, Kim, Bürkner, Huurre, Faltejsková, Gelman & Vehtari (2023), Bayesian Analysis, §3.
   */
  readonly of?: (theta: ArrayLike<number>, data: Data) => number;
}

export interface CalibrationStudy<Data> {
  readonly quantities: readonly TestQuantity<Data>[];
  /** Draws the truth from the prior, and data given the truth. `truth` holds the parameters in the order of the fit's columns. */
  simulate(dice: Dice): { readonly truth: ArrayLike<number>; readonly data: Data };
  /** The estimator, under the same prior. For `pit` and `ranks` it is given the truth, to place it. A throw is a failed fit. */
  fit(data: Data, dice: Dice, truth: ArrayLike<number>): Fit;
}

export interface CalibrationOptions {
  readonly dice: Dice;
  /** N. Default 500. */
  readonly simulations?: number;
  /** L, to which draws are thinned. Default 99: its 100 ranks fall evenly into 20 bins. */
  readonly draws?: number;
  /** Of bands and tests. Default 0.99. */
  readonly level?: number;
  /** Share of fits that may fail. Default 0: what fails is seldom a fair sample. */
  readonly tolerated?: number;
}

/** Ranks of a stretch of simulations; those of several stretches are reported together. */
export interface CalibrationRanks {
  readonly ranks: readonly QuantityRanks[];
  readonly simulations: number;
  readonly failed: number;
  readonly firstFailure?: string;
}

export interface CalibrationReport {
  readonly simulations: number;
  readonly failed: number;
  readonly firstFailure?: string;
  readonly quantities: readonly RankReport[];
  /** Of all quantities together: the least p times their number (Bonferroni), at most 1. */
  readonly p: number;
  /** p ≥ 1 − level, and no more failed fits than tolerated. */
  readonly calibrated: boolean;
}

/**
 * Simulation-based calibration: does the estimator give the posterior of its own model? The truth is drawn from the prior, data
 * from the truth, and the truth ranked among the posterior's draws. Ranks are uniform on 0 … L if all is right; ∪ = over-confident,
 * ∩ = too wide, slope = biased. It says nothing about whether the model fits the machine.
 *
 * Simulation i rolls `dice.split(i)`: the report does not depend on how work is cut up.
 *
 * @throws {TwinError} BAD_SHAPE, TOO_FEW_DRAWS for a fit of the wrong form; TOO_FEW_VALUES when no fit succeeded.
 * @see Talts, Betancourt, Simpson, Vehtari & Gelman (2018), arXiv:1804.06788.
 */
export function simulationBasedCalibration<Data>(
  study: CalibrationStudy<Data>,
  options: CalibrationOptions,
): CalibrationReport {
  return reportCalibration([calibrationRanks(study, options, 0, options.simulations ?? 500)], options);
}

/** Simulations `from` … `to` − 1 of the study: a worker's share. */
export function calibrationRanks<Data>(
  study: CalibrationStudy<Data>,
  { dice, draws = 99 }: CalibrationOptions,
  from: number,
  to: number,
): CalibrationRanks {
  const ranks = study.quantities.map(({ name }) => ({ name, cells: draws + 1, ranks: [] as number[] }));
  let failed = 0;
  let firstFailure: string | undefined;
  for (let simulation = from; simulation < to; simulation++) {
    const own = dice.split(simulation);
    const { truth, data } = study.simulate(own.split("truth"));
    const outcome = attempt(() => study.fit(data, own.split("fit"), truth));
    const places =
      "failure" in outcome ? outcome : placesOf(study, outcome.fit, truth, data, draws, own.split("ties"));
    if ("failure" in places) {
      failed++;
      firstFailure ??= places.failure;
      continue;
    }
    for (const [index, rank] of places.ranks.entries()) ranks[index]?.ranks.push(rank);
  }
  return { ranks, simulations: to - from, failed, ...(firstFailure === undefined ? {} : { firstFailure }) };
}

/** The report over stretches of one study, given in the order of their simulations. */
export function reportCalibration(
  stretches: readonly CalibrationRanks[],
  { dice, level = 0.99, tolerated = 0 }: CalibrationOptions,
): CalibrationReport {
  const first = stretches[0];
  if (first === undefined)
    throw new TwinError("TOO_FEW_VALUES", "0 stretches", "pass at least one stretch of ranks");
  const simulations = stretches.reduce((sum, stretch) => sum + stretch.simulations, 0);
  const failed = stretches.reduce((sum, stretch) => sum + stretch.failed, 0);
  const firstFailure = stretches.find((stretch) => stretch.firstFailure !== undefined)?.firstFailure;
  const quantities = first.ranks.map(({ name, cells }, index) =>
    reportRanks(
      { name, cells, ranks: stretches.flatMap((stretch) => stretch.ranks[index]?.ranks ?? []) },
      dice,
      level,
    ),
  );
  const p = Math.min(1, quantities.length * Math.min(...quantities.map((quantity) => quantity.p)));
  return {
    simulations,
    failed,
    ...(firstFailure === undefined ? {} : { firstFailure }),
    quantities,
    p,
    calibrated: p >= 1 - level && failed <= tolerated * simulations,
  };
}

type Failure = { readonly failure: string };

function attempt(estimate: () => Fit): { readonly fit: Fit } | Failure {
  try {
    return { fit: estimate() };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

function placesOf<Data>(
  { quantities }: CalibrationStudy<Data>,
  fit: Fit,
  truth: ArrayLike<number>,
  data: Data,
  draws: number,
  dice: Dice,
): { readonly ranks: number[] } | Failure {
  if (fit.kind === "draws") return ranksAmong(quantities, fit.draws, truth, data, draws, dice);
  const values = fit.kind === "pit" ? fit.values : fit.ranks;
  const most = fit.kind === "pit" ? 1 : draws;
  if (values.length !== quantities.length)
    throw shapeError(`a fit of ${values.length} values for ${quantities.length} quantities`, "one for each");
  const bad = Array.from(values).find((value) => !(value >= 0 && value <= most));
  if (bad !== undefined) return { failure: `a place of ${bad} outside [0, ${most}]` };
  return {
    ranks: Array.from(values, (value) =>
      fit.kind === "pit" ? Math.min(draws, Math.floor(value * (draws + 1))) : value,
    ),
  };
}

function ranksAmong<Data>(
  quantities: readonly TestQuantity<Data>[],
  sample: Matrix,
  truth: ArrayLike<number>,
  data: Data,
  draws: number,
  dice: Dice,
): { readonly ranks: number[] } | Failure {
  if (sample.rows < draws || sample.columns !== truth.length)
    throw new TwinError(
      "TOO_FEW_DRAWS",
      `a fit gave ${sample.rows} draws of ${sample.columns} parameters`,
      `at least ${draws} draws of ${truth.length} parameters are needed: draw longer, or ask for fewer \`draws\``,
    );
  const thinned = Array.from({ length: draws }, (_, index) =>
    rowOf(sample, Math.floor(((index + 0.5) * sample.rows) / draws)),
  );
  const ranks: number[] = [];
  for (const [
    index,
    { name, of = (theta: ArrayLike<number>) => entry(theta, index) },
  ] of quantities.entries()) {
    const values = thinned.map((theta) => of(theta, data));
    const actual = of(truth, data);
    if (Number.isNaN(actual) || values.some(Number.isNaN))
      return { failure: `${name} is NaN at a draw or at the truth` };
    ranks.push(randomisedRank(values, actual, dice));
  }
  return { ranks };
}

const rowOf = (matrix: Matrix, row: number): Float64Array =>
  Float64Array.from({ length: matrix.columns }, (_, column) => matrix.get(row, column));

import { TwinError } from "../../errors.ts";
import type { Dice } from "../../random/dice.ts";
import { Evaluator, type FailurePolicy } from "../problem/evaluator.ts";
import { isCount, requireOption } from "../problem/options.ts";
import type { DensityProblem } from "../problem/problem.ts";
import type { CalibrationFinding, CalibrationResult } from "../problem/result.ts";
import { type InBatches, runBatches, Target } from "../problem/target.ts";
import { type EnsembleOptions, type EnsembleSample, sampleEnsembles } from "./ensembles.ts";
import { improper } from "./nothing-known.ts";
import { type ChosenReference, chooseReference } from "./reference.ts";
import { evidenceOf } from "./sequential-monte-carlo.ts";
import { runFindings, summariesOf } from "./summaries.ts";
import { type Tempered, temper } from "./tempering.ts";
import { beyondReach } from "./widening.ts";

export interface EnsembleMcmcOptions extends EnsembleOptions {
  readonly dice: Dice;
  /** Independent ensembles, at least 2. Default 4. */
  readonly ensembles?: number;
  /** Walkers of each, at least 16. Default 256, more than one for each pair of unknowns. */
  readonly walkers?: number;
  readonly failures?: FailurePolicy;
}

/** Where no prior was there to begin at: starts from around a mode may be narrower than the posterior. */
const DRAWS_PER_WALKER = 5;

/**
 * Draws from the posterior by ensembles of walkers (`sampleEnsembles`) that start as tempered populations (`temper`), one for
 * each ensemble: from the prior where it can be drawn from, which also gives the evidence, else from around the posterior, from two
 * over-dispersed references of unequal breadth (`chooseReference`). Walkers are many and paths short: what
 * the tempering found of several modes stays in proportion, and R-hat tells if it did not.
 *
 * Stops when R-hat and the effective sizes are reached, or at `runs` with `converged: false` and the reason. The tempering is
 * not cut short by `runs`: it spends what it needs.
 */
export function ensembleMcmc(problem: DensityProblem, options: EnsembleMcmcOptions): CalibrationResult {
  const {
    dice,
    ensembles = 4,
    walkers = Math.max(256, 2 * Math.ceil(problem.unknowns.length * 2)),
    failures,
  } = options;
  requireEnsembles(ensembles, walkers);
  requireBar(options);
  const target = new Target(problem);
  const evaluator = new Evaluator(failures);
  const reference = chooseReference(target, dice.split("reference"), evaluator);
  if (reference.unbounded.length > 0)
    return improper("ensemble-mcmc", target, reference.unbounded, evaluator.counts());
  const starts = runBatches(
    temperedStarts(target, reference, ensembles, walkers, dice.split("start")),
    problem,
    evaluator,
  );
  const sampling = sampleEnsembles(
    target,
    starts.map(({ population }) => population),
    { drawsPerWalker: reference.kind === "prior" ? 0 : DRAWS_PER_WALKER, ...options },
    dice.split("sampling"),
  );
  const sample = runBatches(sampling, problem, evaluator);
  const runs = evaluator.counts();
  const adrift = starts.flatMap(({ population }) => beyondReach(target, population.points));
  if (adrift.length > 0) return improper("ensemble-mcmc", target, adrift, runs);
  const notConverged: CalibrationFinding[] =
    sample.reason === undefined ? [] : [{ kind: "not converged", text: sample.reason }];
  return {
    method: "ensemble-mcmc",
    summaries: summariesOf(problem.unknowns, sample.chains, sample.convergence),
    draws: sample.chains,
    ...(reference.givesEvidence ? { logEvidence: evidenceOf(starts) } : {}),
    converged: sample.converged,
    ...reasonOf(sample),
    runs,
    findings: [...notConverged, ...runFindings(runs, target)],
  };
}

function requireEnsembles(ensembles: number, walkers: number): void {
  if (!(Number.isInteger(ensembles) && ensembles >= 2))
    throw new TwinError(
      "BAD_ENSEMBLES",
      `${ensembles} ensembles`,
      "expected at least two: R-hat compares them",
    );
  if (!(Number.isInteger(walkers) && walkers >= 16))
    throw new TwinError(
      "BAD_POPULATIONS",
      `${walkers} walkers`,
      "expected at least 16 of each ensemble; 256 are usual",
    );
}

function requireBar({ rhat = 1.01, ess = 1, drawsPerWalker = 0, runs = 1, kept = 1 }: EnsembleOptions): void {
  requireOption(rhat > 1, "rhat", rhat, "more than 1; 1.01 is usual");
  requireOption(ess > 0, "ess", ess, "a positive number of effective draws");
  requireOption(
    drawsPerWalker >= 0,
    "drawsPerWalker",
    drawsPerWalker,
    "a number of effective draws, 0 or more",
  );
  requireOption(runs >= 1, "runs", runs, "at least one model run");
  requireOption(isCount(kept), "kept", kept, "a whole number of draws, at least 1");
}

/**
 * Without a proper prior every second ensemble starts from the wider reference: where one misses tails that the other found,
 * their spreads differ, which R-hat sees.
 */
function* temperedStarts(
  target: Target,
  reference: ChosenReference,
  ensembles: number,
  points: number,
  dice: Dice,
): InBatches<Tempered[]> {
  const starts: Tempered[] = [];
  for (let index = 0; index < ensembles; index++) {
    const from = index % 2 === 0 ? reference : (reference.wider ?? reference);
    starts.push(yield* temper(target, from, { points }, dice.split(index)));
  }
  return starts;
}

const reasonOf = ({ reason }: EnsembleSample): { reason?: string } =>
  reason === undefined ? {} : { reason };

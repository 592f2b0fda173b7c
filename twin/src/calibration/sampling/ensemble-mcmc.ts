import { TwinError } from "../../errors.ts";
import type { Dice } from "../../random/dice.ts";
import { Evaluator, type FailurePolicy } from "../problem/evaluator.ts";
import type { DensityProblem } from "../problem/problem.ts";
import type { CalibrationFinding, CalibrationResult } from "../problem/result.ts";
import { runBatches, Target } from "../problem/target.ts";
import { type EnsembleOptions, type EnsembleSample, sampleEnsembles } from "./ensembles.ts";
import { chooseReference } from "./reference.ts";
import { evidenceOf, temperMany } from "./sequential-monte-carlo.ts";
import { runFindings, summariesOf } from "./summaries.ts";

export interface EnsembleMcmcOptions extends EnsembleOptions {
  readonly dice: Dice;
  /** Independent ensembles, at least 2. Default 4. */
  readonly ensembles?: number;
  /** Walkers of each, at least 16. Default 256, more than one for each pair of unknowns. */
  readonly walkers?: number;
  readonly failures?: FailurePolicy;
}

/**
 * Draws from the posterior by ensembles of walkers (`sampleEnsembles`) that start as tempered populations (`temper`), one for
 * each ensemble: from the prior where it can be drawn from, which also gives the evidence, else from around the mode. Walkers
 * are many and paths short: what the tempering found of several modes stays in proportion, and R-hat tells if it did not.
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
  if (ensembles < 2)
    throw new TwinError(
      "BAD_ENSEMBLES",
      `${ensembles} ensemble`,
      "expected at least two: R-hat compares them",
    );
  const target = new Target(problem);
  const evaluator = new Evaluator(failures);
  const reference = chooseReference(target, dice.split("reference"), evaluator);
  const tempering = { dice: dice.split("start"), populations: ensembles, points: walkers };
  const starts = runBatches(temperMany(target, reference, tempering), problem, evaluator);
  const sampling = sampleEnsembles(
    target,
    starts.map(({ population }) => population),
    options,
    dice.split("sampling"),
  );
  const sample = runBatches(sampling, problem, evaluator);
  const runs = evaluator.counts();
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

const reasonOf = ({ reason }: EnsembleSample): { reason?: string } =>
  reason === undefined ? {} : { reason };

import { TwinError } from "../errors.ts";
import { entry } from "../linear-algebra/matrix.ts";
import type { Dice } from "../random/dice.ts";
import type { Evaluator } from "./problem/evaluator.ts";
import { drawable, samplePriorOf } from "./problem/priors.ts";
import type { DensityProblem, SimulationProblem } from "./problem/problem.ts";
import type { CalibrationResult } from "./problem/result.ts";

export type Method = CalibrationResult["method"];

/** What a choice goes by; numbers that a page can show. */
export interface ChoiceFacts {
  /** Model runs that the budget pays for. */
  readonly runs: number;
  readonly unknowns: number;
  readonly kind: "simulation" | "density";
  readonly properPriors: boolean;
  /** Disagreement of two runs at one point, in standard deviations of the readings; 0 for a density. */
  readonly modelNoise: number;
}

export interface MethodRule {
  readonly when: string;
  readonly method: Method;
  readonly holds: (facts: ChoiceFacts) => boolean;
}

/** Unknowns below which the cost of sampling hardly depends on their number. */
const FEW = 10;
/** Runs that sampling takes for each unknown: ensembles started from tempered populations; small populations alone. */
const ENSEMBLE_RUNS = 100_000;
const SMC_RUNS = 30_000;
/** Unknowns beyond which ensembles of walkers mix too slowly. */
const MOST_SAMPLED = 50;
/** Runs of a descent for each unknown, and of a Laplace approximation for each pair. */
const DESCENT_RUNS = 60;
const PAIR_RUNS = 40;
/** A model that differs from itself by more than this share of the readings' noise has no derivatives. */
const ROUGH = 1e-3;
const FEWEST_SMOOTHER_RUNS = 50;

const sampled = ({ unknowns }: ChoiceFacts): number => Math.max(FEW, unknowns);

/** Tried in this order; the first that holds is chosen. The table of the documentation is this one. */
export const METHOD_RULES: readonly MethodRule[] = [
  {
    when: "runs ≥ 100,000 × max(10, unknowns), at most 50 unknowns",
    method: "ensemble-mcmc",
    holds: (facts) => facts.runs >= ENSEMBLE_RUNS * sampled(facts) && facts.unknowns <= MOST_SAMPLED,
  },
  {
    when: "runs ≥ 30,000 × max(10, unknowns), at most 50 unknowns",
    method: "smc",
    holds: (facts) => facts.runs >= SMC_RUNS * sampled(facts) && facts.unknowns <= MOST_SAMPLED,
  },
  {
    when: "density, runs ≥ 40 × unknowns × (unknowns + 1)",
    method: "laplace",
    holds: ({ kind, runs, unknowns }) => kind === "density" && runs >= PAIR_RUNS * unknowns * (unknowns + 1),
  },
  {
    when: "simulation that repeats itself to 0.001 of the noise, runs ≥ 60 × (unknowns + 1), at most 50 unknowns",
    method: "least-squares",
    holds: ({ kind, runs, unknowns, modelNoise }) =>
      kind === "simulation" &&
      modelNoise <= ROUGH &&
      runs >= DESCENT_RUNS * (unknowns + 1) &&
      unknowns <= MOST_SAMPLED,
  },
  {
    when: "simulation with proper priors, runs ≥ 50",
    method: "es-mda",
    holds: ({ kind, properPriors, runs }) =>
      kind === "simulation" && properPriors && runs >= FEWEST_SMOOTHER_RUNS,
  },
];

export interface Choice {
  readonly chosen: Method;
  /** The facts and the rule, one sentence each. */
  readonly because: readonly string[];
}

/** @throws {TwinError} BUDGET_TOO_SMALL when no rule holds. */
export function chooseMethod(facts: ChoiceFacts): Choice {
  const rule = METHOD_RULES.find(({ holds }) => holds(facts));
  if (rule === undefined)
    throw new TwinError(
      "BUDGET_TOO_SMALL",
      `the budget pays for ${facts.runs} model runs, for ${facts.unknowns} unknowns of a ${facts.kind}`,
      "expected a larger budget, fewer unknowns, a cheaper model, or proper priors; or name a method",
    );
  const noise =
    facts.kind === "simulation"
      ? [`two runs at one point differ by ${facts.modelNoise.toExponential(1)} of the readings' noise`]
      : [];
  return {
    chosen: rule.method,
    because: [
      `the budget pays for ${facts.runs} model runs`,
      `${facts.unknowns} unknowns of a ${facts.kind}, ${facts.properPriors ? "proper priors" : "a flat prior among them"}`,
      ...noise,
      `rule: ${rule.when}`,
    ],
  };
}

/** Two runs at a start or a draw from the prior: what they differ by, in standard deviations of the readings. */
export function probe(
  problem: SimulationProblem | DensityProblem,
  runs: number,
  dice: Dice,
  evaluator: Evaluator,
): ChoiceFacts {
  const properPriors = drawable(problem.unknowns, dice);
  const unknowns = problem.unknowns.length;
  if (!("simulate" in problem)) return { runs, unknowns, kind: "density", properPriors, modelNoise: 0 };
  const theta = new Float64Array(unknowns);
  if (properPriors) samplePriorOf(problem, dice.split("probe"), theta);
  problem.unknowns.forEach(({ start }, index) => {
    if (start !== undefined) theta[index] = start;
  });
  const [first, second] = [0, 1].map(() => new Float64Array(problem.observations.length)) as [
    Float64Array,
    Float64Array,
  ];
  const ran = [first, second].map((out) =>
    evaluator.evaluate((into) => problem.simulate(theta.slice(), into), out),
  );
  const modelNoise = ran.every((ok) => ok)
    ? first.reduce(
        (most, value, index) =>
          Math.max(most, Math.abs(value - entry(second, index)) / entry(problem.noise, index)),
        0,
      )
    : 0;
  return { runs, unknowns, kind: "simulation", properPriors, modelNoise };
}

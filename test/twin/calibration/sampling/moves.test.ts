import { Evaluator } from "@plumbline/twin/calibration/problem/evaluator";
import type { DensityProblem } from "@plumbline/twin/calibration/problem/problem";
import { runBatches, Target } from "@plumbline/twin/calibration/problem/target";
import {
  differentialEvolution,
  type Move,
  snooker,
  stretch,
} from "@plumbline/twin/calibration/sampling/moves";
import { type Population, sweep } from "@plumbline/twin/calibration/sampling/population";
import { Proposals } from "@plumbline/twin/calibration/sampling/proposals";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

const SIZE = 3;
const log = (x: number, sd: number): number => -0.5 * (x / sd) ** 2 - Math.log(sd);
/** A funnel of which one can draw: every move must leave its law alone, whatever the proposal. */
const funnel: DensityProblem = {
  unknowns: Array.from({ length: SIZE }, (_, index) => ({ id: `x${index}`, prior: normal(0, 1) })),
  logPrior: ([v = 0, a = 0, b = 0]) => log(v, 1) + log(a, Math.exp(v)) + log(b, Math.exp(v)),
  logLikelihood: () => 0,
};
const target = new Target(funnel);
const WALKERS = 2000;
const SWEEPS = 15;

function drawn(seed: string): Float64Array[] {
  const stream = dice(seed);
  return Array.from({ length: WALKERS }, () => {
    const v = stream.normal();
    return Float64Array.of(v, Math.exp(v) * stream.normal(), Math.exp(v) * stream.normal());
  });
}

/** z-scores of three shares after some sweeps from exact draws: of v < −1, v > 1 and |a| < 0.1. */
function afterSweeps(proposals: Pick<Proposals, "propose">, seed: string): number[] {
  const points = drawn(seed);
  const population: Population = {
    points,
    logReference: new Float64Array(WALKERS),
    logPosterior: Float64Array.from(points, (point) => target.logPrior(point)),
  };
  const moving = {
    population,
    proposals: [proposals, proposals] as never,
    dice: dice(`${seed} moves`),
    temperature: 1,
    learning: false,
  };
  for (let count = 0; count < SWEEPS; count++)
    runBatches(sweep(target, undefined, [moving]), funnel, new Evaluator());
  const share = (holds: (point: Float64Array) => boolean): number => points.filter(holds).length / WALKERS;
  const score = (found: number, expected: number): number =>
    (found - expected) / Math.sqrt((expected * (1 - expected)) / WALKERS);
  return [
    score(
      share(([v = 0]) => v < -1),
      0.15865525,
    ),
    score(
      share(([v = 0]) => v > 1),
      0.15865525,
    ),
    // P(|a| < 0.1) = E[erf(0.1 e^{−v}/√2)], v ~ N(0, 1), by quadrature.
    score(
      share(([, a = 0]) => Math.abs(a) < 0.1),
      0.1248583,
    ),
  ];
}

const only = (move: Move): Pick<Proposals, "propose"> => ({
  propose: (point, crowd, stream, out) => ({ factor: move(point, crowd, stream, out), walk: undefined }),
});

describe("a move leaves the posterior alone", () => {
  // Three standard normal scores each, of independent walkers to first order: P(any |score| > 4) = 2e-4.
  test.each([
    ["the stretch", only(stretch)],
    ["the snooker", only(snooker)],
    ["differential evolution", only(differentialEvolution)],
    ["the mixture with straightened walks", Proposals.fittedTo(drawn("other points"))],
    ["the mixture without a covariance", Proposals.fittedTo(drawn("few").slice(0, 2))],
  ])("%s", (name, proposals) => {
    for (const score of afterSweeps(proposals, name)) expect(Math.abs(score)).toBeLessThan(4);
  });
});

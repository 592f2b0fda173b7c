import { Evaluator } from "@plumbline/twin/calibration/problem/evaluator";
import type { DensityProblem } from "@plumbline/twin/calibration/problem/problem";
import { runBatches, Target } from "@plumbline/twin/calibration/problem/target";
import { sampleEnsembles } from "@plumbline/twin/calibration/sampling/ensembles";
import type { Population } from "@plumbline/twin/calibration/sampling/population";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { expect, test } from "vitest";

const GROUP = 8;
const log = (x: number, mean: number, sd: number): number => -0.5 * ((x - mean) / sd) ** 2 - Math.log(sd);
/** ln τ ~ N(0, 1.5), μ ~ N(0, 3), eight x ~ N(μ, τ): a hierarchy without data, of which one can draw. */
const hierarchy: DensityProblem = {
  unknowns: Array.from({ length: GROUP + 2 }, (_, index) => ({ id: `x${index}`, prior: normal(0, 1) })),
  logPrior(x) {
    const logScale = x[GROUP]!;
    let sum = log(logScale, 0, 1.5) + log(x[GROUP + 1]!, 0, 3);
    for (let index = 0; index < GROUP; index++) sum += log(x[index]!, x[GROUP + 1]!, Math.exp(logScale));
    return sum;
  },
  logLikelihood: () => 0,
};

test("learning proposals does not empty the narrow part of a hierarchy", () => {
  const target = new Target(hierarchy);
  const stream = dice("exact draws");
  const [ensembles, walkers] = [12, 256];
  const starts = Array.from({ length: ensembles }, (): Population => {
    const points = Array.from({ length: walkers }, () => {
      const x = new Float64Array(GROUP + 2);
      x[GROUP] = 1.5 * stream.normal();
      x[GROUP + 1] = 3 * stream.normal();
      for (let index = 0; index < GROUP; index++)
        x[index] = x[GROUP + 1]! + Math.exp(x[GROUP]!) * stream.normal();
      return x;
    });
    return {
      points,
      logReference: new Float64Array(walkers),
      logPosterior: Float64Array.from(points, (point) => target.logPrior(point)),
    };
  });
  runBatches(sampleEnsembles(target, starts, { runs: 400_000 }, dice(1)), hierarchy, new Evaluator());
  const narrow = starts
    .flatMap(({ points }) => points)
    .filter((point) => point[GROUP]! < -1.5 * 1.2815515655446);
  const share = narrow.length / (ensembles * walkers);
  // P = 0.1; 3072 independent walkers know it to 0.0054: three of these. Proposals fitted to their own ensemble fail by more.
  expect(Math.abs(share - 0.1)).toBeLessThan(0.0163);
});

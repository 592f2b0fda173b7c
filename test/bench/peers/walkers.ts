import { ensembleMcmc } from "@plumbline/twin/calibration/sampling/ensemble-mcmc";
import { essMean } from "@plumbline/twin/diagnostics/effective-sample-size";
import { normal } from "@plumbline/twin/probability/normal";
import { dice } from "@plumbline/twin/random/dice";
import { seeded } from "../../support/random.ts";
import type { Bench } from "../row.ts";
import { againstPeer, type PreparedTask } from "./against.ts";

const WALKERS = 32;
const RUNS = 20_000;
const SDS = [1, 0.5, 2, 1, 3];

/** Independent normals: the density itself costs next to nothing, so that what is timed is the sampler. */
const problem = {
  unknowns: SDS.map((sd, index) => ({ id: `theta${index}`, prior: normal(0, 100 * sd) })),
  logLikelihood: (theta: Float64Array): number => {
    let sum = 0;
    for (let index = 0; index < SDS.length; index++)
      sum -= 0.5 * ((theta[index] as number) / (SDS[index] as number)) ** 2;
    return sum;
  },
};
const options = { dice: dice("bench walkers"), walkers: 128, ess: 400 };

/**
 * Time for each density: of the product all the way, from the prior to draws that its diagnostics agree to; of emcee the
 * sampling alone, with as many walkers as usual and from a start in the right place.
 */
function sampling(): PreparedTask {
  const { runs } = ensembleMcmc(problem, options).runs;
  return {
    input: { walkers: WALKERS, runs: RUNS, sds: SDS },
    run: () => ensembleMcmc(problem, options).summaries.map(({ sd }, index) => sd / (SDS[index] as number)),
    scale: 1_000 / runs,
    peerScale: 1_000 / RUNS,
  };
}

const STEPS = 2_000;
const SCALE = 1_000;

/** Four chains with an autocorrelation of 0.9 a step. */
function judging(): PreparedTask {
  const chains = Array.from({ length: 4 }, (_, index) => {
    const { normal: draw } = seeded(26 + index);
    let value = draw();
    return Float64Array.from({ length: STEPS }, () => {
      value = 0.9 * value + Math.sqrt(1 - 0.81) * draw();
      return value;
    });
  });
  return {
    input: { chains: chains.map((chain) => [...chain]), scale: SCALE },
    run: () => [essMean(chains) / SCALE],
    scale: 1,
  };
}

const shared = { modules: ["numpy", "emcee"], script: "walkers.py", target: 1 };

/** Ensembles of walkers, and the effective size of what they draw, against emcee. */
export const walkerPeers: readonly Bench[] = [
  againstPeer({
    ...shared,
    name: "emcee-ensemble",
    task: "sample",
    prepare: sampling,
    unit: "µs/density",
    tolerance: 0.2,
    // Warm-up, convergence checks and the search for the posterior's ends are in the product's time, and not in emcee's.
    target: 2,
  }),
  againstPeer({
    ...shared,
    name: "emcee-effective-size",
    task: "effective",
    prepare: judging,
    unit: "ms",
    // 8,000 draws of which 420 are independent; two estimators of that number differ by their cut-offs.
    tolerance: 0.15,
  }),
];

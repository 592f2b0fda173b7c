import { observed } from "@plumbline/twin/estimation/linear/components/component";
import { localLevel } from "@plumbline/twin/estimation/linear/components/local-level";
import {
  type FitProblem,
  type LikelihoodFit,
  maximumLikelihood,
} from "@plumbline/twin/estimation/linear/maximum-likelihood";
import { dice } from "@plumbline/twin/random/dice";
import { type Bench, benchRow, elapsed, ifAgreeing, inTurn } from "./row.ts";

const FITS = 10;
const PASSES = 200;

/** The annual flow of the Nile at Aswan, 10⁸ m³, 1871 to 1970 (Durbin & Koopman 2012, §2.2). */
export const NILE: readonly number[] = [
  1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958,
  1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020,
  1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040,
  759, 781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
  744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
];

/** Two variances of a level that wanders, which starts diffuse; the reading's is divided out, as the textbooks do. */
const nileProblem: FitProblem = {
  parameters: [
    { id: "reading", scale: "variance" },
    { id: "level", scale: "variance" },
  ],
  readings: { values: NILE },
  model: ({ reading, level }) =>
    observed(localLevel({ variance: level as number }), { noise: reading as number }),
};

export const nileFit = (diffuse: "omit" | "count"): LikelihoodFit =>
  maximumLikelihood(nileProblem, { dice: dice("bench"), concentrate: "reading", diffuse });

/**
 * ms per maximum-likelihood fit of a local level to a hundred readings — six starts, variances of zero tried, standard errors
 * from the Hessian — against 200 passes of the bare recursion, which is about what such a search evaluates.
 */
export const nileLikelihoodFit: Bench = {
  name: "nile-likelihood-fit",
  run: async () => {
    let fitted = Number.NaN;
    const fits = (): number => {
      const took = elapsed(() => {
        for (let fit = 0; fit < FITS; fit++) fitted = nileFit("omit").logLikelihood;
      });
      return took / FITS;
    };
    let bare = Number.NaN;
    const passes = (): number => {
      const took = elapsed(() => {
        for (let pass = 0; pass < FITS * PASSES; pass++) bare = bareLikelihood(15_098.5, 1_469.1);
      });
      return took / FITS;
    };
    const [value, baseline] = await inTurn(9, fits, passes);
    const row = benchRow("nile-likelihood-fit", "ms/fit", value, baseline, "lower", 35);
    return ifAgreeing(row, [fitted], [bare], 1e-7);
  },
};

/** Convention "omit": the first reading, which the diffuse start takes whole, adds nothing. */
function bareLikelihood(noise: number, wander: number): number {
  let level = NILE[0] as number;
  let variance = noise;
  let sum = 0;
  for (let t = 1; t < NILE.length; t++) {
    const prior = variance + wander;
    const spread = prior + noise;
    const innovation = (NILE[t] as number) - level;
    level += (prior / spread) * innovation;
    variance = (prior * noise) / spread;
    sum += Math.log(spread) + (innovation * innovation) / spread;
  }
  return -0.5 * (sum + (NILE.length - 1) * Math.log(2 * Math.PI));
}

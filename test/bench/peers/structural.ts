import { observed } from "@plumbline/twin/estimation/linear/components/component";
import { localLevel } from "@plumbline/twin/estimation/linear/components/local-level";
import { localLinearTrend } from "@plumbline/twin/estimation/linear/components/local-linear-trend";
import { kalmanFilter, logLikelihood } from "@plumbline/twin/estimation/linear/filter";
import type { LinearModel } from "@plumbline/twin/estimation/linear/model";
import { type SmoothedStep, smooth } from "@plumbline/twin/estimation/linear/smoother";
import { seeded } from "../../support/random.ts";
import { NILE, nileFit } from "../nile-likelihood-fit.ts";
import type { Bench } from "../row.ts";
import { againstPeer, type PreparedTask } from "./against.ts";

/** In the order of statsmodels: of the reading, the level, the slope. */
const LEVEL = [1, 0.3];
const TREND = [1, 0.1, 0.01];
const LONG = 2_000;
const SHORT = 200;

const levelModel = observed(localLevel({ variance: LEVEL[1] as number }), { noise: LEVEL[0] as number });
const trendModel = observed(
  localLinearTrend({ levelVariance: TREND[1] as number, slopeVariance: TREND[2] as number }),
  { noise: TREND[0] as number },
);

const shared = {
  modules: ["numpy", "statsmodels"],
  script: "structural.py",
  unit: "µs/reading",
  target: 1,
  tolerance: 1e-8,
};

function prepared(
  model: string,
  variances: readonly number[],
  count: number,
  run: (readings: readonly number[]) => number[],
): PreparedTask {
  const readings = walk(count, 0.1, model === "local level" ? 0 : 0.01);
  return { input: { model, variances, readings }, run: () => run(readings), scale: 1_000 / count };
}

const likelihood = (model: LinearModel, values: readonly number[]): number[] => [
  logLikelihood(model, { values }, { diffuse: "count" }).logLikelihood,
];

function smoothed(values: readonly number[]): number[] {
  const steps = smooth(kalmanFilter(trendModel, { values }));
  const states = [0, SHORT / 2].map((index) => (steps[index] as SmoothedStep).state);
  return [
    ...states.flatMap(({ mean }) => [...mean]),
    ...states.flatMap(({ covariance }) => [...covariance.data]),
  ];
}

function fitted(): number[] {
  const fit = nileFit("count");
  // Variances in 10⁴, so that "relative to what is larger than 1" means the same for all.
  return [...fit.parameters.map(({ value }) => value / 1e4), fit.logLikelihood];
}

/** Structural time series against statsmodels, whose recursions are compiled. */
export const structuralPeers: readonly Bench[] = [
  againstPeer({
    ...shared,
    name: "statsmodels-level-likelihood",
    task: "likelihood",
    prepare: () => prepared("local level", LEVEL, LONG, (readings) => likelihood(levelModel, readings)),
  }),
  againstPeer({
    ...shared,
    name: "statsmodels-trend-likelihood",
    task: "likelihood",
    prepare: () =>
      prepared("local linear trend", TREND, LONG, (readings) => likelihood(trendModel, readings)),
  }),
  againstPeer({
    ...shared,
    name: "statsmodels-trend-smoother",
    task: "smooth",
    prepare: () => prepared("local linear trend", TREND, SHORT, smoothed),
  }),
  againstPeer({
    ...shared,
    name: "statsmodels-nile-fit",
    task: "fit",
    prepare: () => ({ input: { model: "local level", readings: NILE }, run: fitted, scale: 1 }),
    unit: "ms/fit",
    // Its search stops early: three digits of the parameters.
    tolerance: 5e-3,
  }),
];

function walk(count: number, levelVariance: number, slopeVariance: number): number[] {
  const { normal } = seeded(23);
  let place = 0;
  let slope = 0;
  return Array.from({ length: count }, () => {
    place += slope + Math.sqrt(levelVariance) * normal();
    slope += Math.sqrt(slopeVariance) * normal();
    return place + normal();
  });
}

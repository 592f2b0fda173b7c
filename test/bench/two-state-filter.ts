import { smallFilter } from "@plumbline/twin/linear-algebra/small-filters";
import { seeded } from "../support/random.ts";
import { type Bench, benchRow, elapsed, ifAgreeing, inTurn } from "./row.ts";

const READINGS = 200_000;
const LEVEL_VARIANCE = 0.04;
const SLOPE_VARIANCE = 1e-4;
const NOISE_VARIANCE = 1;

type Two = readonly [number, number];
type Four = readonly [number, number, number, number];

interface Model {
  readonly transitions: readonly [Four];
  readonly noises: readonly [Four];
  readonly observation: Two;
  readonly observationVariance: number;
  readonly mean: Two;
  readonly covariance: Four;
}

/** A local linear trend. */
const MODEL: Model = {
  transitions: [[1, 1, 0, 1]],
  noises: [[LEVEL_VARIANCE, 0, 0, SLOPE_VARIANCE]],
  observation: [1, 0],
  observationVariance: NOISE_VARIANCE,
  mean: [0, 0],
  covariance: [100, 0, 0, 1],
};

/**
 * ns per reading of the two-state filter with its likelihood, against the textbook recursion written out by hand: all
 * numbers in local variables, no check of anything, nothing missing, the covariance itself (and its loss of digits).
 */
export const twoStateFilter: Bench = {
  name: "two-state-filter",
  run: async () => {
    const readings = trend(READINGS);
    const found: [number, number] = [Number.NaN, Number.NaN];
    const perReading = (slot: 0 | 1, likelihood: () => number) => (): number => {
      const took = elapsed(() => {
        found[slot] = likelihood();
      });
      return (took * 1e6) / READINGS;
    };
    const [value, baseline] = await inTurn(
      9,
      perReading(0, () => smallFilter(MODEL, readings).logLikelihood),
      perReading(1, () => bareLikelihood(MODEL, readings)),
    );
    const row = benchRow("two-state-filter", "ns/reading", value, baseline, "lower", 2);
    return ifAgreeing(row, [found[0]], [found[1]], 1e-9);
  },
};

function trend(count: number): Float64Array {
  const { normal } = seeded(11);
  let level = 0;
  let slope = 0;
  return Float64Array.from({ length: count }, () => {
    level += slope + Math.sqrt(LEVEL_VARIANCE) * normal();
    slope = 0.99 * slope + Math.sqrt(SLOPE_VARIANCE) * normal();
    return level + Math.sqrt(NOISE_VARIANCE) * normal();
  });
}

/** m ← F m, P ← F P Fᵀ + Q; m ← m + K v, P ← P − K zᵀP: for any F, Q, z and R of two states, upper triangles only. */
function bareLikelihood(
  { transitions, noises, observation, ...model }: Model,
  readings: Float64Array,
): number {
  const [f11, f12, f21, f22] = transitions[0];
  const [q11, q12, , q22] = noises[0];
  const [z1, z2] = observation;
  let [a1, a2] = model.mean;
  let [p11, p12, , p22] = model.covariance;
  let sum = 0;
  for (let t = 0; t < readings.length; t++) {
    if (t > 0) {
      const ahead = f11 * a1 + f12 * a2;
      a2 = f21 * a1 + f22 * a2;
      a1 = ahead;
      const m11 = f11 * p11 + f12 * p12;
      const m12 = f11 * p12 + f12 * p22;
      const m21 = f21 * p11 + f22 * p12;
      const m22 = f21 * p12 + f22 * p22;
      p11 = m11 * f11 + m12 * f12 + q11;
      p12 = m11 * f21 + m12 * f22 + q12;
      p22 = m21 * f21 + m22 * f22 + q22;
    }
    const c1 = p11 * z1 + p12 * z2;
    const c2 = p12 * z1 + p22 * z2;
    const variance = z1 * c1 + z2 * c2 + model.observationVariance;
    const innovation = (readings[t] as number) - z1 * a1 - z2 * a2;
    const k1 = c1 / variance;
    const k2 = c2 / variance;
    a1 += k1 * innovation;
    a2 += k2 * innovation;
    p11 -= k1 * c1;
    p12 -= k1 * c2;
    p22 -= k2 * c2;
    sum += Math.log(variance) + (innovation * innovation) / variance;
  }
  return -0.5 * (sum + readings.length * Math.log(2 * Math.PI));
}

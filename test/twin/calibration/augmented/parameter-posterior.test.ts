import { DualFilter } from "@plumbline/twin/calibration/augmented/dual-filter";
import { JointFilter } from "@plumbline/twin/calibration/augmented/joint-filter";
import { ParameterParticles } from "@plumbline/twin/calibration/augmented/parameter-particles";
import type { ParametricSystem } from "@plumbline/twin/calibration/augmented/parametric-system";
import type { TrackedParameter } from "@plumbline/twin/calibration/augmented/tracked-parameter";
import { CubatureKalmanFilter } from "@plumbline/twin/estimation/nonlinear/cubature-kalman";
import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import type { Filter } from "@plumbline/twin/estimation/nonlinear/filter";
import { asStochasticSystem } from "@plumbline/twin/estimation/nonlinear/linear-kalman";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

/*
 * x_t = φ x_{t−1} + w, w ~ N(0, 1); y = x + v, v ~ N(0, 1/2); φ ~ N(0.5, 0.15²), unknown. Given φ the likelihood is Kalman's: the
 * posterior of φ is known on a grid to as many digits as one likes.
 */
const scalar = (value: number): Matrix => new Matrix(1, 1, Float64Array.of(value));
const PHI: TrackedParameter = { id: "φ", mean: 0.5, sd: 0.15 };
const START = { at: 0, mean: Float64Array.of(0), covariance: scalar(1) };
const autoregression: ParametricSystem = {
  at: ([phi]) =>
    asStochasticSystem({
      states: 1,
      outputs: 1,
      transition: () => scalar(phi!),
      processNoise: () => scalar(1),
      observation: () => scalar(1),
      observationNoise: scalar(0.5),
    }),
};

function simulated(seed: number, length = 150): number[] {
  const random = dice(`autoregression ${seed}`);
  const phi = PHI.mean + PHI.sd * random.normal();
  let x = random.normal();
  return Array.from({ length }, () => {
    x = phi * x + random.normal();
    return x + Math.SQRT1_2 * random.normal();
  });
}

function exact(readings: readonly number[]): { mean: number; sd: number; logEvidence: number } {
  const POINTS = 2001;
  const spacing = (12 * PHI.sd) / (POINTS - 1);
  const grid = Array.from({ length: POINTS }, (_, index) => PHI.mean - 6 * PHI.sd + index * spacing);
  const logs = grid.map((phi) => {
    let log = -0.5 * ((phi - PHI.mean) / PHI.sd) ** 2 - Math.log(PHI.sd * Math.sqrt(2 * Math.PI));
    let [mean, variance] = [0, 1];
    for (const reading of readings) {
      mean *= phi;
      variance = phi * phi * variance + 1;
      const total = variance + 0.5;
      log -= 0.5 * ((reading - mean) ** 2 / total + Math.log(2 * Math.PI * total));
      mean += (variance / total) * (reading - mean);
      variance *= 0.5 / total;
    }
    return log;
  });
  const largest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const moment = (power: number) =>
    grid.reduce((sum, phi, index) => sum + (weights[index]! * phi ** power) / total, 0);
  return {
    mean: moment(1),
    sd: Math.sqrt(moment(2) - moment(1) ** 2),
    logEvidence: largest + Math.log(total * spacing),
  };
}

function followed(
  filter: Filter,
  readings: readonly number[],
): { mean: number; sd: number; logEvidence: number } {
  let logEvidence = 0;
  for (const [index, reading] of readings.entries()) {
    filter.predict(index + 1);
    logEvidence += filter.update([reading]).logLikelihood;
  }
  return { mean: filter.mean()[1]!, sd: Math.sqrt(filter.covariance().get(1, 1)), logEvidence };
}

const SEEDS = [0, 1, 2, 3, 4, 5];

describe("the posterior of an unknown AR coefficient", () => {
  test.each([
    {
      name: "extended",
      make: () => new JointFilter(autoregression, START, [PHI], (...of) => new ExtendedKalmanFilter(...of)),
    },
    {
      name: "unscented",
      make: () => new JointFilter(autoregression, START, [PHI], (...of) => new UnscentedKalmanFilter(...of)),
    },
    {
      name: "cubature",
      make: () => new JointFilter(autoregression, START, [PHI], (...of) => new CubatureKalmanFilter(...of)),
    },
  ])("a joint $name filter comes within a third of an sd of it, with the sd to 15 %", ({ make }) => {
    for (const seed of SEEDS) {
      const readings = simulated(seed);
      const reference = exact(readings);
      const found = followed(make(), readings);
      expect(Math.abs(found.mean - reference.mean)).toBeLessThan(reference.sd / 3);
      expect(Math.abs(found.sd / reference.sd - 1)).toBeLessThan(0.15);
    }
  });

  test("particles with Kalman filters inside come to it within their own error", () => {
    /*
     * One run of N = 300 particles of which some 200 count errs by about sd/√200 = 0.07 sd in the mean, 5 % in the sd, a little more
     * by the kernel: the bounds are four of these for a run, and two for the mean of six.
     */
    let [bias, evidence] = [0, 0];
    for (const seed of SEEDS) {
      const readings = simulated(seed);
      const reference = exact(readings);
      const particles = new ParameterParticles(
        autoregression,
        START,
        [PHI],
        (...of) => new ExtendedKalmanFilter(...of),
        {
          particles: 300,
          dice: dice(`particles ${seed}`),
        },
      );
      const found = followed(particles, readings);
      const error = (found.mean - reference.mean) / reference.sd;
      expect(Math.abs(error)).toBeLessThan(0.28);
      expect(Math.abs(found.sd / reference.sd - 1)).toBeLessThan(0.2);
      expect(Math.abs(found.logEvidence - reference.logEvidence)).toBeLessThan(0.3);
      bias += error / SEEDS.length;
      evidence += (found.logEvidence - reference.logEvidence) / SEEDS.length;
    }
    expect(Math.abs(bias)).toBeLessThan((2 * 0.07) / Math.sqrt(SEEDS.length) + 0.02);
    expect(Math.abs(evidence)).toBeLessThan(0.1);
  });

  test("the dual filter finds it too, with an sd that is never too small", () => {
    for (const seed of SEEDS) {
      const readings = simulated(seed);
      const reference = exact(readings);
      const found = followed(
        new DualFilter(autoregression, START, [PHI], (...of) => new UnscentedKalmanFilter(...of)),
        readings,
      );
      expect(Math.abs(found.mean - reference.mean)).toBeLessThan(reference.sd / 2);
      expect(found.sd / reference.sd).toBeGreaterThan(0.95);
      expect(found.sd / reference.sd).toBeLessThan(1.5);
    }
  });
});

import { JointFilter } from "@plumbline/twin/calibration/augmented/joint-filter";
import { ParameterParticles } from "@plumbline/twin/calibration/augmented/parameter-particles";
import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { describe, expect, test } from "vitest";
import { coverage90, study } from "./calibration-study.ts";
import { parameters, start, thermal } from "./thermal-twin.ts";

/** 99 % binomial band of 90 % intervals at N = 500. */
const BAND = [0.864, 0.932] as const;

describe("500 simulations of a thermal twin's state and parameters", () => {
  test("the joint unscented filter: ranks inside the 99 % band, coverage too", () => {
    const make = () =>
      new JointFilter(thermal, start, parameters, (...of) => new UnscentedKalmanFilter(...of));
    const report = study("a", make, 500);
    expect(report).toMatchObject({ calibrated: true, failed: 0 });
    for (const { ranks } of report.quantities) {
      expect(coverage90(ranks)).toBeGreaterThanOrEqual(BAND[0]);
      expect(coverage90(ranks)).toBeLessThanOrEqual(BAND[1]);
    }
  });

  test("particles of parameters with Kalman filters: the same", () => {
    const report = study(
      "particles",
      (random) =>
        new ParameterParticles(thermal, start, parameters, (...of) => new ExtendedKalmanFilter(...of), {
          particles: 300,
          dice: random,
        }),
      500,
    );
    expect(report).toMatchObject({ calibrated: true, failed: 0 });
    for (const { ranks } of report.quantities) {
      expect(coverage90(ranks)).toBeGreaterThanOrEqual(BAND[0]);
      expect(coverage90(ranks)).toBeLessThanOrEqual(BAND[1]);
    }
  });
});

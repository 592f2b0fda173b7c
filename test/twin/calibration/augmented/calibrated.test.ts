import { DualFilter } from "@plumbline/twin/calibration/augmented/dual-filter";
import { JointFilter } from "@plumbline/twin/calibration/augmented/joint-filter";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { describe, expect, test } from "vitest";
import { coverage90, study } from "./calibration-study.ts";
import { parameters, start, thermal } from "./thermal-twin.ts";

describe("simulation-based calibration of a thermal twin's state and parameters", () => {
  test("the joint unscented filter is calibrated", () => {
    const report = study(
      "a",
      () => new JointFilter(thermal, start, parameters, (...of) => new UnscentedKalmanFilter(...of)),
      200,
    );
    expect(report).toMatchObject({ calibrated: true, failed: 0 });
  });

  test("and one that is told half of the prior's sd is not: the check has teeth", () => {
    const sure = parameters.map((parameter) => ({ ...parameter, sd: parameter.sd / 2 }));
    const report = study(
      "too sure",
      () => new JointFilter(thermal, start, sure, (...of) => new UnscentedKalmanFilter(...of)),
      200,
    );
    expect(report.calibrated).toBe(false);
  });

  test("the dual filter is wider than it need be, as its page says, and never too sure", () => {
    const report = study(
      "dual",
      () => new DualFilter(thermal, start, parameters, (...of) => new UnscentedKalmanFilter(...of)),
      200,
    );
    expect(report.calibrated).toBe(false);
    for (const { ranks } of report.quantities.slice(0, 2)) expect(coverage90(ranks)).toBeGreaterThan(0.9);
  });
});

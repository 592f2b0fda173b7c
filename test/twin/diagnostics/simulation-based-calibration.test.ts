import { reportRanks } from "@plumbline/twin/diagnostics/rank-report";
import {
  type CalibrationStudy,
  calibrationRanks,
  type Fit,
  reportCalibration,
  simulationBasedCalibration,
} from "@plumbline/twin/diagnostics/simulation-based-calibration";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { standardNormalCdf } from "@plumbline/twin/probability/normal";
import { type Dice, dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

const PRIOR_VARIANCE = 4;
const DRIFT = 0.3;
const NOISE = 1;

/** A local level: x₀ ~ N(0, 4), x_t = x_{t−1} + N(0, 0.3), y_t = x_t + N(0, 1); the truth is the last level. */
function localLevel(roll: Dice): { truth: number[]; data: Float64Array } {
  let level = Math.sqrt(PRIOR_VARIANCE) * roll.normal();
  const data = Float64Array.from({ length: 25 }, () => {
    level += Math.sqrt(DRIFT) * roll.normal();
    return level + Math.sqrt(NOISE) * roll.normal();
  });
  return { truth: [level], data };
}

/** Kalman's recursion: exact. */
function filter(data: Float64Array): { mean: number; sd: number } {
  let mean = 0;
  let variance = PRIOR_VARIANCE;
  for (const reading of data) {
    variance += DRIFT;
    const gain = variance / (variance + NOISE);
    mean += gain * (reading - mean);
    variance *= 1 - gain;
  }
  return { mean, sd: Math.sqrt(variance) };
}

const drawsOf = (mean: number, sd: number, roll: Dice, count = 99): Fit => ({
  kind: "draws",
  draws: new Matrix(
    count,
    1,
    Float64Array.from({ length: count }, () => mean + sd * roll.normal()),
  ),
});

const lastLogLikelihood = (theta: ArrayLike<number>, data: Float64Array): number =>
  -0.5 * (data[data.length - 1]! - theta[0]!) ** 2;

const study = (spread = 1, shift = 0): CalibrationStudy<Float64Array> => ({
  quantities: [{ name: "level" }, { name: "log-likelihood", of: lastLogLikelihood }],
  simulate: localLevel,
  fit: (data, roll) => {
    const { mean, sd } = filter(data);
    return drawsOf(mean + shift * sd, spread * sd, roll);
  },
});

describe("simulation-based calibration of a local level filter, N = 500", () => {
  const report = simulationBasedCalibration(study(), { dice: dice("local level") });

  // Two ECDF and two χ² tests: a right filter fails one of them at some seeds, by the χ² at 0.01/4 seldom.
  test("is inside its band, for the level and for the log-likelihood", () => {
    expect(report).toMatchObject({ simulations: 500, failed: 0, calibrated: true });
    for (const { name, inside, chiSquared } of report.quantities) {
      expect(inside, name).toBe(true);
      expect(chiSquared.p, name).toBeGreaterThan(0.0025);
    }
  });

  test("pays for asking of two quantities", () => {
    expect(report.p).toBe(Math.min(1, 2 * Math.min(...report.quantities.map(({ p }) => p))));
    expect(report.p).toBeGreaterThan(report.quantities[1]!.p);
  });

  test("covers: 90 % intervals in [0.864, 0.932] and 95 % in [0.924, 0.974]", () => {
    const at = (nominal: number) => report.quantities[0]!.coverage.find((row) => row.nominal === nominal)!;
    expect(at(0.9).band).toEqual([0.864, 0.932]);
    expect(at(0.95).band).toEqual([0.924, 0.974]);
    for (const { inside } of report.quantities[0]!.coverage) expect(inside).toBe(true);
  });

  test("has 20 bins of 25, each with its band of 13 to 38", () => {
    const { bins, ranks } = report.quantities[0]!;
    expect(bins.map(({ expected }) => expected)).toEqual(new Array(20).fill(25));
    expect(bins.every(({ band: [low, high] }) => low === 13 && high === 38)).toBe(true);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(ranks.length);
  });
});

describe("simulation-based calibration can fail", () => {
  const controls = { dice: dice("controls") };

  test("an over-confident estimator is rejected, with a ∪ of ranks", () => {
    const report = simulationBasedCalibration(study(0.75), controls);
    expect(report.calibrated).toBe(false);
    expect(report.quantities[0]!.p).toBeLessThan(0.001);
    expect(report.quantities[0]!.spread).toBeGreaterThan(4);
    expect(report.quantities[0]!.coverage.some(({ inside }) => inside)).toBe(false);
  });

  test("one that is too wide is rejected, with a ∩", () => {
    const report = simulationBasedCalibration(study(1.4), controls);
    expect(report.calibrated).toBe(false);
    expect(report.quantities[0]!.spread).toBeLessThan(-4);
  });

  test("one that is biased by a third of an sd is rejected, and the side named", () => {
    const low = simulationBasedCalibration(study(1, -0.33), controls);
    expect(low.calibrated).toBe(false);
    expect(low.quantities[0]!.p).toBeLessThan(0.001);
    expect(low.quantities[0]!.bias).toBeGreaterThan(4);
  });

  test("one that ignores the data passes on its parameters and fails on the log-likelihood", () => {
    const prior = Math.sqrt(PRIOR_VARIANCE + 25 * DRIFT);
    const report = simulationBasedCalibration(
      { ...study(), fit: (_, roll) => drawsOf(0, prior, roll) },
      controls,
    );
    const [level, logLikelihood] = report.quantities;
    expect(level!.inside).toBe(true);
    expect(logLikelihood!.inside).toBe(false);
    expect(report.calibrated).toBe(false);
  });

  test("reads coverage off coarse ranks without favour to the ends of cells", () => {
    const ranks = Array.from({ length: 1000 }, (_, i) => i % 4);
    const [half, eighty] = reportRanks({ name: "u", cells: 4, ranks }, dice("coarse")).coverage;
    expect(half!.share).toBe(0.5);
    // Three fifths of the outer 500, by the dice: sd √(500 · 0.24)/1000 = 0.011, 3.3 sd.
    expect(Math.abs(eighty!.share - 0.8)).toBeLessThan(0.036);
  });

  test("under the null one in a hundred reports is rejected: the level is what it says", () => {
    // 400 reports of 100 simulations by their PIT alone: Bin(400, 0.01) has mean 4, sd 2; 4 sd.
    let rejected = 0;
    for (let run = 0; run < 400; run++) {
      const roll = dice(`null ${run}`);
      const ranks = Array.from({ length: 100 }, () => Math.floor(20 * roll.uniform()));
      if (!reportRanks({ name: "u", cells: 20, ranks }, roll).inside) rejected++;
    }
    expect(rejected).toBeLessThanOrEqual(12);
  });
});

describe("what a fit may give", () => {
  const options = { dice: dice("kinds"), simulations: 300 };
  const exact = (fit: CalibrationStudy<Float64Array>["fit"]) =>
    simulationBasedCalibration({ quantities: [{ name: "level" }], simulate: localLevel, fit }, options);

  test("a value of its distribution function", () => {
    const report = exact((data, _, truth) => {
      const { mean, sd } = filter(data);
      return { kind: "pit", values: [standardNormalCdf((truth[0]! - mean) / sd)] };
    });
    expect(report.calibrated).toBe(true);
  });

  test("ranks of its own", () => {
    const report = exact((data, roll, truth) => {
      const { mean, sd } = filter(data);
      let below = 0;
      for (let draw = 0; draw < 99; draw++) if (mean + sd * roll.normal() < truth[0]!) below++;
      return { kind: "ranks", ranks: [below] };
    });
    expect(report.calibrated).toBe(true);
  });

  test("more draws than are needed, thinned evenly: a chain of sticky draws then ranks like white ones", () => {
    const sticky = (thin: boolean) =>
      exact((data, roll) => {
        const { mean, sd } = filter(data);
        let z = roll.normal();
        const length = thin ? 99 * 20 : 99;
        const chain = Float64Array.from({ length }, () => {
          z = 0.9 * z + Math.sqrt(1 - 0.81) * roll.normal();
          return mean + sd * z;
        });
        return { kind: "draws", draws: new Matrix(length, 1, chain) };
      });
    expect(sticky(true).calibrated).toBe(true);
    // 99 draws worth five: ranks pile up at both ends.
    expect(sticky(false).calibrated).toBe(false);
  });

  test("discrete draws, whose ties the dice settle", () => {
    const report = simulationBasedCalibration(
      {
        quantities: [{ name: "fault" }],
        simulate: (roll) => ({ truth: [roll.uniform() < 0.3 ? 1 : 0], data: 0 }),
        fit: (_, roll) => ({
          kind: "draws",
          draws: new Matrix(
            99,
            1,
            Float64Array.from({ length: 99 }, () => (roll.uniform() < 0.3 ? 1 : 0)),
          ),
        }),
      },
      options,
    );
    expect(report.calibrated).toBe(true);
  });
});

describe("the harness", () => {
  test("gives the same report whole and in stretches", () => {
    const options = { dice: dice("stretches"), simulations: 60 };
    const stretches = [calibrationRanks(study(), options, 0, 25), calibrationRanks(study(), options, 25, 60)];
    expect(reportCalibration(stretches, options)).toEqual(simulationBasedCalibration(study(), options));
  });

  test("counts failed fits and does not call the rest calibrated, unless they are tolerated", () => {
    let fits = 0;
    const failing: CalibrationStudy<Float64Array> = {
      ...study(),
      fit: (data, roll, truth) => {
        if (fits++ % 50 === 0) throw new Error("no convergence");
        return study().fit(data, roll, truth);
      },
    };
    const options = { dice: dice("failing"), simulations: 200 };
    const report = simulationBasedCalibration(failing, options);
    expect(report).toMatchObject({ failed: 4, firstFailure: "no convergence", calibrated: false });
    expect(report.quantities[0]!.ranks).toHaveLength(196);
    expect(simulationBasedCalibration(failing, { ...options, tolerated: 0.05 }).calibrated).toBe(true);
  });

  test("counts a NaN draw and a PIT outside [0, 1] as failures", () => {
    const options = { dice: dice("nan"), simulations: 10 };
    const nan = (fit: Fit) =>
      calibrationRanks(
        { quantities: [{ name: "level" }], simulate: localLevel, fit: () => fit },
        options,
        0,
        10,
      );
    expect(
      nan({ kind: "draws", draws: new Matrix(99, 1, new Float64Array(99).fill(Number.NaN)) }),
    ).toMatchObject({
      failed: 10,
      firstFailure: "level is NaN at a draw or at the truth",
    });
    expect(nan({ kind: "pit", values: [1.5] }).failed).toBe(10);
    expect(nan({ kind: "pit", values: [Number.NaN] }).failed).toBe(10);
    expect(nan({ kind: "ranks", ranks: [100] }).failed).toBe(10);
  });

  test("refuses fits of the wrong form: a mistake of the caller is no failed fit", () => {
    const options = { dice: dice("form"), simulations: 2 };
    const run = (fit: Fit) => () => simulationBasedCalibration({ ...study(), fit: () => fit }, options);
    expect(refusal(run({ kind: "draws", draws: new Matrix(98, 1) })).code).toBe("TOO_FEW_DRAWS");
    expect(refusal(run({ kind: "draws", draws: new Matrix(99, 2) })).code).toBe("TOO_FEW_DRAWS");
    expect(refusal(run({ kind: "pit", values: [0.5] })).code).toBe("BAD_SHAPE");
    expect(refusal(() => reportCalibration([], options)).code).toBe("TOO_FEW_VALUES");
    expect(refusal(() => reportRanks({ name: "u", cells: 10, ranks: [10] }, dice(1))).code).toBe("BAD_RANK");
    expect(refusal(() => reportRanks({ name: "u", cells: 10, ranks: [] }, dice(1))).code).toBe(
      "TOO_FEW_VALUES",
    );
  });
});

import type { Assimilator } from "@plumbline/twin/calibration/assimilator";
import { webLine } from "@plumbline/twin/definition/web-line";
import {
  type CalibrationStudy,
  calibrationRanks,
  reportCalibration,
} from "@plumbline/twin/diagnostics/simulation-based-calibration";
import { type Dice, dice as seeded } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { newAssimilator } from "../support/calibrated.ts";
import { DAY, FILE_PERIOD, outputsOf, PARAMETERS, START } from "../support/web-line-truth.ts";

const MACHINES = 600;
const ROWS = 80;

interface History {
  readonly rows: readonly (readonly number[])[];
}

/** Wear drawn from the declared prior: a half-normal start, a random walk of the declared rate, reflected at zero; biases as declared. */
function history(dice: Dice): { truth: Float64Array; data: History } {
  const theta = Float64Array.from(webLine.parameters, ({ prior }) =>
    Math.abs(prior.mean + prior.sd * dice.normal()),
  );
  const biases = webLine.signals.map(({ bias }) => bias * dice.normal());
  const step = Math.sqrt(FILE_PERIOD / DAY);
  const rows = Array.from({ length: ROWS }, (_, row) => {
    if (row > 0)
      for (const [index, { drift }] of webLine.parameters.entries())
        theta[index] = Math.abs(theta[index]! + drift * step * dice.normal());
    const outputs = outputsOf(theta);
    return webLine.signals.map(
      ({ noise }, index) => outputs[index]! + noise * dice.normal() + biases[index]!,
    );
  });
  return { truth: theta, data: { rows } };
}

function assimilate({ rows }: History): Assimilator {
  const assimilator = newAssimilator();
  for (const [row, values] of rows.entries())
    assimilator.assimilate({ at: START + row * FILE_PERIOD, values, inMode: true });
  return assimilator;
}

describe("over 600 wear histories drawn from the declared prior", () => {
  const held = PARAMETERS.map(() => 0);
  const study: CalibrationStudy<History> = {
    quantities: PARAMETERS.map((name) => ({ name })),
    simulate: history,
    fit: (data, _, truth) => {
      const assimilator = assimilate(data);
      for (const [index, { interval90 }] of assimilator.posterior().parameters.entries())
        if (truth[index]! >= interval90[0] && truth[index]! <= interval90[1]) held[index]!++;
      return {
        kind: "pit",
        values: PARAMETERS.map((id, index) => assimilator.probabilityBelow(id, truth[index]!)),
      };
    },
  };
  const options = { dice: seeded("web line"), simulations: MACHINES, draws: 19 };
  const report = reportCalibration([calibrationRanks(study, options, 0, MACHINES)], options);

  test("the truth is anywhere in its posterior with the same probability, inside the joint 99 % band", () => {
    console.info(report.quantities.map(({ name, p }) => `${name} p ${p.toFixed(3)}`).join(", "));
    expect(report.failed).toBe(0);
    expect(report.calibrated).toBe(true);
  });

  test("90 % intervals hold it as often as they say", () => {
    const shares = held.map((count) => count / MACHINES);
    console.info(`coverage of 90 % intervals: ${shares.map((share) => share.toFixed(3)).join(" ")}`);
    const all = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    // Of one drag the binomial 99 % band of 500 machines; of all nine together a third of its width.
    for (const share of shares) {
      expect(share).toBeGreaterThanOrEqual(0.864);
      expect(share).toBeLessThanOrEqual(0.932);
    }
    expect(Math.abs(all - 0.9)).toBeLessThan(0.034 / 3);
  });
});

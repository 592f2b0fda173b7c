import { Assimilator } from "@plumbline/twin/calibration/assimilator";
import type { EvidenceRow } from "@plumbline/twin/calibration/rows";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { assimilated, estimateOf } from "../support/calibrated.ts";
import { DAY, drags, outputsOf, START } from "../support/web-line-truth.ts";

const PRIOR = { mean: 0.1, sd: 0.01 };
/** The web line with a roller that is worn already, and sensors that are so many times noisier. */
const lineOf = (factor: number): TwinDefinition => ({
  ...webLine,
  parameters: webLine.parameters.map((one) => (one.id === "b3" ? { ...one, prior: PRIOR } : one)),
  signals: webLine.signals.map((one) => ({ ...one, noise: factor * one.noise, bias: factor * one.bias })),
});
const ROWS = 60;

/** Rows of a machine whose drag b3 is a constant from the prior. */
function machineOf({ signals }: TwinDefinition, seed: number): { truth: number; rows: EvidenceRow[] } {
  const random = seeded(seed);
  const truth = PRIOR.mean + PRIOR.sd * random.normal();
  const outputs = outputsOf(drags({ b3: truth }));
  const biases = signals.map(({ bias }) => bias * random.normal());
  const rows = Array.from({ length: ROWS }, (_, row) => ({
    at: START + (row * DAY) / 60,
    values: signals.map(({ noise }, index) => outputs[index]! + biases[index]! + noise * random.normal()),
    inMode: true,
  }));
  return { truth, rows };
}

describe("rule: the band comes from the data", () => {
  const MACHINES = 24;
  const factors = [0.01, 0.1, 1] as const;
  const seen = factors.map((factor) => {
    const line = lineOf(factor);
    let [sum, squares] = [0, 0];
    for (let machine = 0; machine < MACHINES; machine++) {
      const { truth, rows } = machineOf(line, 700 + machine);
      const { mean, sd } = estimateOf(assimilated(rows, Assimilator.start(line)).posterior(), "b3");
      sum += sd / MACHINES;
      squares += (mean - truth) ** 2 / MACHINES;
    }
    return { sd: sum, error: Math.sqrt(squares) };
  });

  test("the reported sd grows with the sensors' noise as the true error does", () => {
    console.info(
      seen
        .map(
          ({ sd, error }, index) =>
            `noise × ${factors[index]}: sd ${sd.toPrecision(3)}, error ${error.toPrecision(3)}`,
        )
        .join("; "),
    );
    for (const { sd, error } of seen) {
      // MACHINES · error²/sd² is χ²(MACHINES) of a right band, relative sd √(2/24) = 0.29: an rms ratio below 1.5 is
      // within 4.5 of these. Drags that are constant are better known than walking ones: no lower bound but a third.
      expect(error / sd).toBeGreaterThan(1 / 3);
      expect(error / sd).toBeLessThan(1.5);
    }
    // A walk of rate q read with noise σ at intervals Δ is known to √(q √Δ σ): sd grows with √σ at least.
    for (const [index, { sd }] of seen.slice(1).entries())
      expect(sd / seen[index]!.sd).toBeGreaterThan(0.9 * Math.sqrt(10));
  });
});

describe("rule: the noise is that of the sensor's definition", () => {
  test("it is what the posterior rests on, unlearnt and in the signal's unit", () => {
    const { signals } = assimilated(machineOf(webLine, 1).rows).posterior();
    expect(signals.map(({ noise }) => noise)).toEqual(webLine.signals.map(({ noise }) => noise));
  });

  test("a row is as surprising as the definition makes it: twice the noise and bias, a quarter of the NIS", () => {
    // Parameters that are known leave noise and bias alone in S: NIS = eᵀ S⁻¹ e with S ∝ factor².
    const known = (factor: number): TwinDefinition => ({
      ...lineOf(factor),
      parameters: webLine.parameters.map((one) => ({
        ...one,
        drift: 1e-9,
        prior: { mean: 0.1, sd: 1e-9 },
      })),
    });
    const values = [...outputsOf(Float64Array.from(webLine.parameters, () => 0.1))].slice(
      0,
      webLine.signals.length,
    );
    const row = {
      at: START,
      values: values.map((value, index) => value + webLine.signals[index]!.noise),
      inMode: true,
    };
    const [one, two] = [1, 2].map((factor) => Assimilator.start(known(factor)).assimilate(row)!.nis);
    expect(two! / one!).toBeCloseTo(1 / 4, 6);
  });
});

import { type Reading, roundTo } from "@plumbline/twin/contract/reading";
import { webLine } from "@plumbline/twin/definition/web-line";
import { webLineModel } from "@plumbline/twin/models/web-line";
import { seeded } from "../support/random.ts";

export interface LineRow {
  readonly at: number;
  readonly values: readonly number[];
}

/** Noisy rows of a line whose bearings 3 and 9 carry `drag`, at the declared noise and resolution. */
export function lineRows(count: number, drag: (row: number) => number, seed: number): LineRow[] {
  const { normal } = seeded(seed);
  const outputs = new Float64Array(webLineModel.outputs.length);
  const theta = new Float64Array(webLine.parameters.length).fill(1e-9);
  return Array.from({ length: count }, (_, row) => {
    theta[2] = theta[7] = Math.max(drag(row), 1e-9);
    webLineModel.evaluate(theta, outputs);
    const values = webLine.signals.map((signal, index) =>
      roundTo((outputs[index] ?? 0) + signal.noise * normal(), signal.resolution),
    );
    return { at: 1_767_225_600_000 + row * 600_000, values };
  });
}

export const toReadings = (rows: readonly LineRow[]): Reading[] =>
  rows.flatMap(({ at, values }, row) =>
    values.map((value, index) => ({
      signal: webLine.signals[index]?.id ?? "",
      at,
      value,
      quality: "GOOD" as const,
      boot: "plant-1",
      counter: row,
    })),
  );

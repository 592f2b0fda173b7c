import { Assimilator } from "@plumbline/twin/calibration/assimilator";
import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { assimilated, estimateOf, rowAt, rowsOf } from "../support/calibrated.ts";
import { DAY, drags, noisyValues, START } from "../support/web-line-truth.ts";

const PER_DAY = 66;
const worn = () => ({ b3: 0.1, b9: 0.12 });
const settled = assimilated(rowsOf(2 * PER_DAY, PER_DAY, worn, 41)).checkpoint();
const afterwards = (
  rows: number,
  truth: Readonly<Record<string, number>>,
  spike?: { signal: number; by: number },
) => {
  const assimilator = Assimilator.restore(webLine, settled);
  const dice = seeded(42);
  for (let row = 0; row < rows; row++) {
    const values = noisyValues(drags(truth), dice);
    if (spike) values[spike.signal] = values[spike.signal]! + spike.by;
    assimilator.assimilate({ ...rowAt(0, values), at: START + 2 * DAY + (row * DAY) / PER_DAY });
  }
  return assimilator;
};

describe("an unlogged repair", () => {
  test("is followed in one row, inside bands that are wide for that row", () => {
    const posterior = afterwards(1, { b3: 0, b9: 0.12 }).posterior();
    const b3 = posterior.parameters.find(({ id }) => id === "b3")!;
    // The three tension sensors of the zone know a drag to 1 N / 400 / √3 = 0.0014: five of that, and the bound at 0.
    expect(b3.mean).toBeLessThan(0.0075);
    expect(b3.interval90[0]).toBe(0);
    expect(estimateOf(posterior, "b9").mean).toBeGreaterThan(0.11);
  });

  test("leaves the next rows consistent: their innovations are as large as they say", () => {
    const assimilator = afterwards(1, { b3: 0.2, b9: 0.12 });
    const dice = seeded(43);
    let [nis, size] = [0, 0];
    for (let row = 1; row <= 16; row++) {
      const point = assimilator.assimilate({
        ...rowAt(0, noisyValues(drags({ b3: 0.2, b9: 0.12 }), dice)),
        at: START + 2 * DAY + (row * DAY) / PER_DAY,
      })!;
      nis += point.nis;
      size += point.size;
    }
    // χ² with 336 degrees of freedom: 336 ± 4.5 √672.
    expect(Math.abs(nis - size)).toBeLessThan(4.5 * Math.sqrt(2 * size));
  });
});

test("a spike of one sensor, which no drag explains, moves no drag as a jump would", () => {
  // Span 5 lies between two of the same zone that contradict it: 40 N are 0.1 in a drag if they were believed.
  const signal = webLine.signals.findIndex(({ id }) => id === "s5");
  const before = estimateOf(Assimilator.restore(webLine, settled).posterior(), "b3");
  const spiked = estimateOf(afterwards(1, worn(), { signal, by: 40 }).posterior(), "b3");
  expect(Math.abs(spiked.mean - before.mean)).toBeLessThan(0.05);
});

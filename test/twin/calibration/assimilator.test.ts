import { Assimilator } from "@plumbline/twin/calibration/assimilator";
import { evidenceRows } from "@plumbline/twin/calibration/rows";
import { webLine } from "@plumbline/twin/definition/web-line";
import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { assimilated, estimateOf, NOTHING, newAssimilator, rowAt, rowsOf } from "../support/calibrated.ts";
import { refusal } from "../support/refusals.ts";
import {
  asReadings,
  DAY,
  drags,
  noisyValues,
  outputsOf,
  parameterIndex,
  START,
} from "../support/web-line-truth.ts";

const worn = (day: number): Record<string, number> => ({ b3: 0.012 * day, b9: 0.17 + 0.004 * (day - 2) });

describe("the posterior", () => {
  const rows = rowsOf(60, 12, worn, 101);
  const whole = assimilated(rows);

  test("does not depend on batches: restored from a checkpoint after any row, the digest is the same to the last bit", () => {
    for (let cut = 0; cut <= rows.length; cut += 5) {
      const first = assimilated(rows.slice(0, cut));
      expect(Assimilator.restore(webLine, first.checkpoint()).posterior()).toEqual(first.posterior());
      const second = assimilated(rows.slice(cut), Assimilator.restore(webLine, first.checkpoint()));
      expect(second.digest()).toBe(whole.digest());
      expect(second.checkpoint()).toBe(whole.checkpoint());
      expect(second.posterior()).toEqual(whole.posterior());
    }
    let step = newAssimilator();
    for (const row of rows) {
      step.assimilate(row);
      step = Assimilator.restore(webLine, step.checkpoint());
    }
    expect(step.digest()).toBe(whole.digest());
  });

  test("does not change when every reading is delivered three times in another order", () => {
    const readings = rows.flatMap(({ at, values }) => asReadings(at, values));
    const replayed = seeded(102).shuffled([...readings, ...readings, ...readings]);
    const once = assimilated(evidenceRows(webLine, readings).rows);
    expect(assimilated(evidenceRows(webLine, replayed).rows).digest()).toBe(once.digest());
    expect(once.digest()).not.toBe(whole.digest());
  });

  test("rule: each datum counts once: three hundred deliveries change nothing", () => {
    const readings = rows.slice(0, 4).flatMap(({ at, values }) => asReadings(at, values));
    const again = seeded(105).shuffled(Array.from({ length: 300 }, () => readings).flat());
    const once = assimilated(evidenceRows(webLine, readings).rows);
    const replayed = assimilated(evidenceRows(webLine, again).rows);
    expect(replayed.points).toBe(4);
    expect(replayed.checkpoint()).toBe(once.checkpoint());
  });

  test("changes with any reading", () => {
    const changed = rows.map((row, index) =>
      index === 30
        ? { ...row, values: row.values.map((value, signal) => (signal === 4 ? value + 0.001 : value)) }
        : row,
    );
    expect(assimilated(changed).digest()).not.toBe(whole.digest());
  });

  test("refuses a row older than the last one, and a checkpoint that is damaged or of another twin", () => {
    expect(refusal(() => whole.assimilate(rows[3]!)).code).toBe("OUT_OF_ORDER");
    for (const text of ["", "null", "{}", whole.checkpoint().slice(0, 100)]) {
      expect(refusal(() => Assimilator.restore(webLine, text)).code).toBe("BAD_CHECKPOINT");
    }
    expect(
      refusal(() => Assimilator.restore({ ...webLine, version: "1.0.1" }, whole.checkpoint())).code,
    ).toBe("BAD_CHECKPOINT");
  });

  test("of two half gaps is that of one whole gap", () => {
    const start = assimilated(rows.slice(0, 40));
    const once = Assimilator.restore(webLine, start.checkpoint());
    const twice = Assimilator.restore(webLine, start.checkpoint());
    const [from, to] = [rows[39]!.at, rows[39]!.at + DAY];
    once.assimilate({ at: to, values: NOTHING, inMode: true });
    twice.assimilate({ at: (from + to) / 2, values: NOTHING, inMode: false });
    twice.assimilate({ at: to, values: NOTHING, inMode: true });
    const [one, two] = [once.posterior(), twice.posterior()];
    for (const [index, { sd }] of one.parameters.entries())
      expect(two.parameters[index]!.sd / sd).toBeCloseTo(1, 9);
  });

  test("only grows less sure in a row that is refused: out of mode, or empty", () => {
    const before = assimilated(rows.slice(0, 40));
    const { checkpoint, points } = { checkpoint: before.checkpoint(), points: before.points };
    for (const refused of [
      { values: rows[40]!.values, inMode: false },
      { values: NOTHING, inMode: true },
    ]) {
      const after = Assimilator.restore(webLine, checkpoint);
      expect(after.assimilate({ at: rows[40]!.at + DAY, ...refused })).toBeUndefined();
      expect(after.points).toBe(points);
      expect(estimateOf(after.posterior(), "b3").sd).toBeGreaterThan(estimateOf(before.posterior(), "b3").sd);
      expect(estimateOf(after.posterior(), "b3").mean).toBeCloseTo(
        estimateOf(before.posterior(), "b3").mean,
        2,
      );
    }
  });

  test("assimilates the first row too, and each row once", () => {
    const first = newAssimilator();
    const point = first.assimilate(rowAt(0, [...outputsOf(drags({ b3: 0.02 })).subarray(0, 21)]));
    expect(point?.size).toBe(21);
    expect(first.points).toBe(1);
    expect(estimateOf(first.posterior(), "b3").mean).toBeGreaterThan(
      estimateOf(newAssimilator().posterior(), "b3").mean,
    );
    expect(whole.points).toBe(rows.length);
    expect(whole.modelRuns / whole.points).toBeLessThan(19 * 4);
  });

  test("of rows with holes rests on what is there, and calls unidentifiable what nobody could see", () => {
    const only = (ids: readonly string[]): number[] =>
      webLine.signals.map((signal, index) =>
        ids.includes(signal.id) ? outputsOf(drags({ b3: 0.05 }))[index]! : Number.NaN,
      );
    const seeing = newAssimilator();
    const blind = newAssimilator();
    for (let step = 0; step < 40; step++) {
      expect(seeing.assimilate(rowAt(step / 4, only(["s3", "s4"])))?.size).toBe(2);
      blind.assimilate(rowAt(step / 4, NOTHING));
    }
    const labels = (one: Assimilator): string[] =>
      one.posterior().parameters.map(({ identifiable }) => identifiable);
    expect(labels(blind)).toEqual(webLine.parameters.map(() => "not"));
    expect(labels(newAssimilator())).toEqual(webLine.parameters.map(() => "not"));
    expect(labels(seeing)[parameterIndex("b3")]).toBe("weakly");
    expect(labels(seeing).slice(parameterIndex("b7"))).toEqual(["not", "not", "not", "not"]);
  });

  test("has a covariance that is symmetric and positive definite", () => {
    const { covariance, parameters } = whole.posterior();
    const size = parameters.length;
    const matrix = new Matrix(size, size, Float64Array.from(covariance));
    for (let row = 0; row < size; row++) {
      expect(matrix.get(row, row)).toBeCloseTo(parameters[row]!.sd ** 2, 15);
      for (let column = 0; column < row; column++)
        expect(matrix.get(row, column)).toBeCloseTo(matrix.get(column, row), 15);
    }
    expect(() => cholesky(matrix)).not.toThrow();
  });

  test("says which bearings it knows: well, all of them, where every tension is read for a month", () => {
    const month = assimilated(rowsOf(60, 2, (day) => ({ b3: 0.005 * day }), 104)).posterior();
    expect(month.parameters.map(({ identifiable }) => identifiable)).toEqual(
      webLine.parameters.map(() => "well"),
    );
    const { mean, sd } = estimateOf(month, "b3");
    expect(Math.abs(mean - 0.005 * (59 / 2))).toBeLessThan(4 * sd);
  });
});

describe("the intervals of a line without wear", () => {
  test("rule: the bands of bounded parameters never leave the bounds, and close at zero", () => {
    const assimilator = newAssimilator();
    const dice = seeded(103);
    let closed = 0;
    let held = 0;
    for (let step = 0; step < 300; step++) {
      const { parameters } = assimilator.assimilate(rowAt(step / 24, noisyValues(drags({}), dice)))!;
      for (const { interval90 } of parameters) {
        expect(interval90[0]).toBeGreaterThanOrEqual(0);
        expect(interval90[1]).toBeLessThanOrEqual(0.5);
        if (interval90[0] === 0) closed++;
        if (interval90[0] <= 0 && interval90[1] >= 0) held++;
      }
    }
    console.info(`unworn bearings: interval closed at 0 in ${((closed / 2_700) * 100).toFixed(1)} % of rows`);
    expect(closed / 2_700).toBeGreaterThan(0.9);
    expect(held).toBe(closed);
    for (const { interval99 } of assimilator.posterior().parameters) expect(interval99[0]).toBe(0);
    expect(START + (299 / 24) * DAY).toBe(assimilator.at);
  });
});

import { Assimilator } from "@plumbline/twin/calibration/assimilator";
import { type DeclaredEvent, inCanonicalOrder } from "@plumbline/twin/calibration/evidence/declared-event";
import { webLine } from "@plumbline/twin/definition/web-line";
import { FaultsError } from "@plumbline/twin/errors";
import { describe, expect, test } from "vitest";
import { seeded } from "../../../support/random.ts";
import { assimilated, estimateOf, NOTHING, rowAt, rowsOf } from "../../support/calibrated.ts";
import { DAY, START } from "../../support/web-line-truth.ts";

const worn = { b3: 0.1, b9: 0.12 };
const rows = rowsOf(120, 60, () => worn, 51);
const checkpoint = assimilated(rows).checkpoint();
const NOON = START + 2 * DAY;
const posteriorAfter = (...events: DeclaredEvent[]) => {
  const assimilator = Assimilator.restore(webLine, checkpoint);
  for (const event of events) assimilator.declare(event);
  return assimilator.posterior();
};
/** Time passes to noon, and nothing is learnt. */
const NOTHING_LEARNT: DeclaredEvent = {
  kind: "inspection",
  id: "none",
  at: NOON,
  parameter: "b7",
  value: 0,
  sd: 1e6,
};
const inspection = (value: number, sd: number, parameter = "b3"): DeclaredEvent => ({
  kind: "inspection",
  id: "i1",
  at: NOON,
  parameter,
  value,
  sd,
});

describe("an inspection", () => {
  test("is weighed by its own error: a sharp one wins, a vague one hardly moves anything", () => {
    const before = estimateOf(posteriorAfter(NOTHING_LEARNT), "b3");
    const sharp = estimateOf(posteriorAfter(inspection(0.105, 1e-5)), "b3");
    expect(sharp.mean).toBeCloseTo(0.105, 4);
    expect(sharp.sd).toBeLessThan(1.1e-5);
    const vague = estimateOf(posteriorAfter(inspection(0.105, 0.1)), "b3");
    expect(Math.abs(vague.mean - before.mean)).toBeLessThan(before.sd / 10);
  });

  test("is the product of two Gaussians where the parameter is far from its bounds", () => {
    const { mean, sd } = estimateOf(posteriorAfter(NOTHING_LEARNT), "b3");
    const both = estimateOf(posteriorAfter(inspection(0.104, 0.002)), "b3");
    const weight = sd ** -2 / (sd ** -2 + 0.002 ** -2);
    expect(both.mean).toBeCloseTo(weight * mean + (1 - weight) * 0.104, 5);
    expect(both.sd / Math.sqrt(1 / (sd ** -2 + 0.002 ** -2))).toBeCloseTo(1, 3);
  });
});

describe("maintenance", () => {
  const replaced = posteriorAfter({ kind: "maintenance", id: "m1", at: NOON, parameter: "b3" });

  test("resets the belief of that parameter to the declared prior, and of no other", () => {
    const before = Assimilator.restore(webLine, checkpoint);
    before.assimilate(rowAt(2, NOTHING));
    expect(estimateOf(replaced, "b3").mean).toBeLessThan(0.002);
    for (const { id } of webLine.parameters)
      if (id !== "b3") expect(estimateOf(replaced, id)).toEqual(estimateOf(before.posterior(), id));
  });

  test("at the time of the last row leaves the mixture of that row as it was for all others", () => {
    const slipping = rowsOf(30, 60, () => ({ b3: 0.1, b9: 0.17 }), 53);
    const assimilator = assimilated(slipping);
    const before = assimilator.posterior();
    expect(JSON.parse(assimilator.checkpoint()).marginals[0].length).toBeGreaterThan(1);
    assimilator.declare({ kind: "maintenance", id: "m1", at: assimilator.at!, parameter: "b3" });
    const after = assimilator.posterior();
    for (const { id } of webLine.parameters)
      if (id !== "b3") expect(estimateOf(after, id)).toEqual(estimateOf(before, id));
    expect(after.signals).toEqual(before.signals);
    expect(estimateOf(after, "b3").mean).toBeLessThan(0.002);
  });

  test("may come with a belief about the new part", () => {
    const used = posteriorAfter({
      kind: "maintenance",
      id: "m1",
      at: NOON,
      parameter: "b3",
      prior: { mean: 0.05, sd: 0.01 },
    });
    expect(estimateOf(used, "b3").mean).toBeCloseTo(0.05, 3);
    expect(estimateOf(used, "b3").sd).toBeCloseTo(0.01, 3);
  });

  test("is followed at once by rows of the repaired machine, which are consistent", () => {
    const assimilator = Assimilator.restore(webLine, checkpoint);
    assimilator.declare({ kind: "maintenance", id: "m1", at: NOON, parameter: "b3" });
    const repaired = rowsOf(8, 60, () => ({ b9: 0.12 }), 52);
    let [nis, size] = [0, 0];
    for (const row of repaired) {
      const point = assimilator.assimilate({ ...row, at: row.at + 2 * DAY + 1 })!;
      nis += point.nis;
      size += point.size;
    }
    expect(Math.abs(nis - size)).toBeLessThan(4.5 * Math.sqrt(2 * size));
    expect(estimateOf(assimilator.posterior(), "b3").mean).toBeLessThan(0.002);
  });
});

describe("a measurement by other means", () => {
  test("of a virtual sensor teaches the parameters that it depends on", () => {
    const before = estimateOf(posteriorAfter(NOTHING_LEARNT), "b3");
    const told = estimateOf(
      posteriorAfter({ kind: "measurement", id: "l1", at: NOON, output: "dancer", value: 0.0572, sd: 1e-5 }),
      "b3",
    );
    expect(told.sd).toBeLessThan(before.sd);
  });

  test("of a signal does not carry that sensor's bias: the bias is learnt against it", () => {
    const biasOf = (posterior: ReturnType<typeof posteriorAfter>) =>
      posterior.signals.find(({ id }) => id === "s1")!;
    const before = biasOf(posteriorAfter(NOTHING_LEARNT));
    const told = biasOf(
      posteriorAfter({ kind: "measurement", id: "l1", at: NOON, output: "s1", value: 99.99, sd: 1e-3 }),
    );
    expect(told.biasSd).toBeLessThanOrEqual(before.biasSd);
  });
});

describe("canonical order", () => {
  const events: DeclaredEvent[] = [
    inspection(0.1, 0.01),
    { kind: "maintenance", id: "m1", at: NOON, parameter: "b3" },
    { kind: "measurement", id: "a", at: START, output: "s4", value: 100, sd: 1 },
  ];
  const row = rowAt(2, NOTHING);

  test("is that of the events' times and kinds, whatever the order they were told in, each once", () => {
    const expected = inCanonicalOrder(webLine, [row], events);
    expect(expected.map((one) => (one.kind === "row" ? "row" : one.event.id))).toEqual([
      "a",
      "m1",
      "i1",
      "row",
    ]);
    const shuffled = seeded(5).shuffled([...events, ...events]);
    expect(inCanonicalOrder(webLine, [row], shuffled)).toEqual(expected);
  });

  test("tells all faults at once", () => {
    const bad = [
      { ...inspection(Number.NaN, 0), parameter: "b6" },
      { kind: "maintenance", id: "m", at: Number.NaN, parameter: "b3", prior: { mean: 0, sd: -1 } },
      { kind: "measurement", id: "q", at: 0, output: "s99", value: 1, sd: 1 },
      { kind: "measurement", id: "q", at: 0, output: "s98", value: 1, sd: 1 },
    ] as DeclaredEvent[];
    try {
      inCanonicalOrder(webLine, [], bad);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FaultsError);
      expect((error as FaultsError).faults.map(({ path }) => path)).toEqual([
        "event i1.parameter",
        "event i1.value",
        "event i1.sd",
        "event m.at",
        "event m.prior.sd",
        "event q.output",
        "event q.output",
        "event q",
      ]);
    }
  });

  test("an event older than what was assimilated is refused", () =>
    expect(() => posteriorAfter({ ...inspection(0.1, 0.1), at: START })).toThrow(/after one of/));
});

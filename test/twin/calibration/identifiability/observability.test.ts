import { rankSensors, sensorPlan } from "@plumbline/twin/calibration/identifiability/next-sensor";
import {
  type Observability,
  smallestVisibleChanges,
  type VisibleChange,
} from "@plumbline/twin/calibration/identifiability/observability";
import { sensitivitiesOf, sensorsOf } from "@plumbline/twin/calibration/identifiability/sensors";
import { ROLLERS, SPANS, webLine } from "@plumbline/twin/definition/web-line";
import { webLineModel } from "@plumbline/twin/models/web-line";
import { describe, expect, test } from "vitest";

/** One reading in 21.6 minutes. */
const READINGS = 66.6;
const SPEEDS = sensorsOf(
  webLine,
  ROLLERS.map((roller) => `w${roller}`),
  READINGS,
);
const TENSIONS = sensorsOf(
  webLine,
  SPANS.map((span) => `s${span}`),
  READINGS,
);
const UNWORN = new Float64Array(ROLLERS.length);

const of = (observability: Observability, id: string): VisibleChange =>
  observability.parameters.find((parameter) => parameter.id === id) as VisibleChange;
const alone = (observability: Observability, id: string, sensor: string): number | null | undefined =>
  of(observability, id).alone.find((one) => one.sensor === sensor)?.change;

describe("what the web line's sensors see in a day, unworn, at three standard deviations", () => {
  const all = smallestVisibleChanges(webLine, UNWORN, [...SPEEDS, ...TENSIONS]);

  test("of the drag of roller 3: 0.12 by its speed, 0.0009 by the tension behind it, nothing by S10", () => {
    expect(alone(all, "b3", "w3")).toBeCloseTo(0.12, 2);
    expect(alone(all, "b3", "s4")).toBeCloseTo(0.0009, 4);
    expect((alone(all, "b3", "w3") as number) / (alone(all, "b3", "s4") as number)).toBeGreaterThan(125);
    expect((alone(all, "b3", "w3") as number) / (alone(all, "b3", "s4") as number)).toBeLessThan(140);
    expect(alone(all, "b3", "s10")).toBeNull();
    expect(of(all, "b3").alone[0]?.sensor).toBe("s4");
  });

  test("follows from k σ/√N over the slope", () => {
    // ∂ω₃/∂b₃ = −0.02 − c₃ with c₃ = 0.00987; digits of 0.001 rad/s add 0.001²/12 to the variance.
    const sd = Math.sqrt((0.01 ** 2 + 0.001 ** 2 / 12) / READINGS);
    expect(alone(all, "b3", "w3")).toBeCloseTo((3 * sd) / 0.02987, 3);
  });

  test("says how often it would be wrong", () => {
    expect(all.falseAlarm).toBeCloseTo(0.0026997960632601866, 10);
    expect(all.power).toBe(0.5);
  });

  test("by speeds alone is a hundred times coarser; not knowing the other drags, or the past, makes it worse", () => {
    const speeds = smallestVisibleChanges(webLine, UNWORN, SPEEDS);
    for (const roller of ROLLERS) {
      const { othersKnown, othersUnknown, biasesUnknown } = of(speeds, `b${roller}`).together as Record<
        "othersKnown" | "othersUnknown" | "biasesUnknown",
        number
      >;
      const best = of(speeds, `b${roller}`).alone[0]?.change as number;
      expect(othersKnown).toBeGreaterThan(0.03);
      expect(othersKnown).toBeLessThanOrEqual(best * (1 + 1e-12));
      expect(othersUnknown).toBeGreaterThan(othersKnown);
      expect(biasesUnknown).toBeGreaterThan(othersUnknown);
      expect(of(all, `b${roller}`).together.othersKnown as number).toBeLessThan(othersKnown / 50);
    }
    expect(of(speeds, "b3").words).toContain("w3 alone sees changes from 0.12 on");
  });

  test("is nothing where no sensor responds, and where two drags are only seen as a sum", () => {
    const s6 = smallestVisibleChanges(webLine, UNWORN, sensorsOf(webLine, ["s6"], READINGS));
    expect(of(s6, "b3").together.othersKnown).toBeCloseTo(0.0009, 4);
    expect(of(s6, "b3").together.othersUnknown).toBeNull();
    const s12 = smallestVisibleChanges(webLine, UNWORN, sensorsOf(webLine, ["s12"], READINGS));
    expect(of(s12, "b3").together.othersKnown).toBeNull();
    expect(of(s12, "b3").words).toBe("No sensor of these sees b3.");
  });

  test("is plain data", () => {
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
  });

  test("shrinks with the root of the time, and grows with the number of standard deviations", () => {
    const longer = smallestVisibleChanges(webLine, UNWORN, SPEEDS, { days: 4, sigmas: 6 });
    const day = smallestVisibleChanges(webLine, UNWORN, SPEEDS);
    expect(of(longer, "b3").together.othersKnown).toBeCloseTo(
      of(day, "b3").together.othersKnown as number,
      10,
    );
  });
});

describe("past the slip limit the information moves", () => {
  const worn = Float64Array.from(ROLLERS, (roller) => (roller === 9 ? 0.19 : 0));

  test("from the tensions, pinned at friction, to the speed of the slipping roller", () => {
    const { outputs, jacobian } = sensitivitiesOf(webLine, worn);
    const column = ROLLERS.indexOf(9);
    const slope = (id: string): number => jacobian.get(outputs.indexOf(id), column);
    expect(Math.abs(slope("s9"))).toBeLessThan(1e-6);
    // ω = R (T₁₀ − T₉)/b with both tensions pinned: ∂ω/∂b = −ω/b.
    const omega = (0.05 * (150 - 80.97434)) / 0.19;
    expect(slope("w9")).toBeCloseTo(-omega / 0.19, 2);
  });

  test("slopes are those of the point's own regime, however near the kink", () => {
    const outputs = new Float64Array(webLineModel.outputs.length);
    const kinks = new Float64Array(ROLLERS.length);
    webLineModel.evaluate(UNWORN, outputs);
    webLineModel.kinks(outputs, kinks);
    const kink = kinks[ROLLERS.indexOf(9)] as number;
    const near = (value: number): number => {
      const { outputs, jacobian } = sensitivitiesOf(
        webLine,
        Float64Array.from(ROLLERS, (roller) => (roller === 9 ? value : 0)),
      );
      return jacobian.get(outputs.indexOf("w9"), ROLLERS.indexOf(9));
    };
    expect(near(kink - 1e-9)).toBeGreaterThan(-0.1);
    expect(near(kink + 1e-4)).toBeLessThan(-90);
  });
});

describe("the next sensor to buy", () => {
  test("for a line with speeds only is a tension; the spans outside the zones are worth nothing", () => {
    const ranked = rankSensors(webLine, UNWORN, SPEEDS, TENSIONS);
    expect(ranked[0]?.id).toMatch(/^s([2-9]|10)$/);
    for (const id of ["s1", "s11", "s12"])
      expect(ranked.find((one) => one.id === id)?.gain).toBeLessThan(1e-3);
    for (const { parameters } of ranked)
      for (const { before, after } of parameters) expect(after).toBeLessThanOrEqual(before * (1 + 1e-12));
  });

  test("has the gain ½ ln (1 + j²P/v) when only one parameter is in doubt", () => {
    const uncertainty = Float64Array.from(ROLLERS, (roller) => (roller === 3 ? 0.02 : 1e-9));
    const [s4] = rankSensors(webLine, UNWORN, [], sensorsOf(webLine, ["s4"], READINGS), { uncertainty });
    const variance = (1 + 0.1 ** 2 / 12) / READINGS + 0.1 ** 2;
    expect(s4?.gain).toBeCloseTo(0.5 * Math.log(1 + (399.88 * 0.02) ** 2 / variance), 4);
  });

  test("depends on its cost, and on what one wants to know", () => {
    const priced = TENSIONS.map((sensor) => ({ ...sensor, cost: sensor.id === "s2" ? 1 : 100 }));
    expect(rankSensors(webLine, UNWORN, SPEEDS, priced)[0]?.id).toBe("s2");
    expect(rankSensors(webLine, UNWORN, SPEEDS, TENSIONS, { focus: "b3" })[0]?.id).toBe("s4");
    expect(rankSensors(webLine, UNWORN, SPEEDS, TENSIONS, { focus: "b10" })[0]?.id).toBe("s10");
  });

  test("a plan buys each after the ones before it, for ever smaller gains, and never twice", () => {
    const plan = sensorPlan(webLine, UNWORN, SPEEDS, TENSIONS, 20);
    const gains = plan.map(({ gain }) => gain);
    expect(new Set(plan.map(({ id }) => id)).size).toBe(SPANS.length);
    expect(gains).toEqual([...gains].sort((left, right) => right - left));
    // Nine drags, nine tensions that tell them apart; the other three spans are held from outside.
    expect(gains[8]).toBeGreaterThan(1);
    expect(gains[9]).toBeLessThan(0.01);
  });
});

test("unknown sensors, impossible sensors and wrong shapes are refused by name", () => {
  const throws = (run: () => unknown, code: string): void =>
    expect(run).toThrow(expect.objectContaining({ code }));
  throws(() => sensorsOf(webLine, ["w6"]), "UNKNOWN_SENSOR");
  const sensor = { id: "w3", noise: 0.01, readingsPerDay: 100 };
  throws(() => smallestVisibleChanges(webLine, UNWORN, [{ ...sensor, id: "w6" }]), "UNKNOWN_SENSOR");
  throws(() => smallestVisibleChanges(webLine, UNWORN, [{ ...sensor, noise: 0 }]), "BAD_SENSOR");
  throws(() => smallestVisibleChanges(webLine, UNWORN, [{ ...sensor, bias: Number.NaN }]), "BAD_SENSOR");
  throws(() => smallestVisibleChanges(webLine, [0], [sensor]), "BAD_SHAPE");
  throws(() => smallestVisibleChanges(webLine, UNWORN, [sensor], { sigmas: 0 }), "BAD_OPTION");
  throws(() => rankSensors(webLine, UNWORN, [], [{ ...sensor, cost: 0 }]), "BAD_SENSOR");
  throws(() => rankSensors(webLine, UNWORN, [], [sensor], { focus: "b6" }), "UNKNOWN_PARAMETER");
  throws(() => rankSensors(webLine, UNWORN, [], [sensor], { uncertainty: [1] }), "BAD_SHAPE");
});

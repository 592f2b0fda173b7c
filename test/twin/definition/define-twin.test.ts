import { defineTwin, definitionFaults } from "@plumbline/twin/definition/define-twin";
import type {
  ParameterDefinition,
  SignalDefinition,
  TwinDefinition,
} from "@plumbline/twin/definition/twin-definition";
import { webLine } from "@plumbline/twin/definition/web-line";
import { FaultsError } from "@plumbline/twin/errors";
import { describe, expect, test } from "vitest";

const [firstSignal, ...signals] = webLine.signals as [SignalDefinition, ...SignalDefinition[]];
const [firstParameter, ...parameters] = webLine.parameters as [ParameterDefinition, ...ParameterDefinition[]];
/** Its mode rests on one signal that no row below touches, so that one fault causes no other. */
const base: TwinDefinition = { ...webLine, mode: { ...webLine.mode, anyOf: ["w3"] } };
const signal = (changed: object): TwinDefinition => ({
  ...base,
  signals: [{ ...firstSignal, ...changed }, ...signals],
});
const parameter = (changed: object): TwinDefinition => ({
  ...webLine,
  parameters: [{ ...firstParameter, ...changed }, ...parameters],
});
const policy = (changed: object): TwinDefinition => ({
  ...webLine,
  policy: { ...webLine.policy, ...changed },
});
const mode = (changed: object): TwinDefinition => ({ ...webLine, mode: { ...webLine.mode, ...changed } });

describe("a twin definition", () => {
  test("with three faults is refused once, naming all three, each with what was found and what would do", () => {
    const faulty = { ...signal({ noise: -2 }), version: "one", policy: { ...webLine.policy, trialRows: 0 } };
    let caught: unknown;
    try {
      defineTwin(faulty);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(FaultsError);
    const { code, message, faults, hint } = caught as FaultsError;
    expect(code).toBe("BAD_TWIN_DEFINITION");
    expect(message).toContain('the definition of twin "web-line" has 4 faults');
    expect(faults.map(({ path }) => path)).toEqual([
      "version",
      "signal w1.noise",
      "signal w1.resolution",
      "policy.trialRows",
    ]);
    for (const { path, found, expected } of faults)
      expect(message).toContain(`${path}: ${found}; expected ${expected}`);
    expect(message).toContain('version: "one"; expected a semantic version');
    expect(message).toContain("signal w1.noise: -2; expected a positive number");
    expect(hint.length).toBeGreaterThan(10);
  });

  test("without a fault is frozen and returned as it is", () => {
    const copy = { ...webLine };
    expect(defineTwin(copy)).toBe(copy);
    expect(Object.isFrozen(copy)).toBe(true);
    expect(definitionFaults(webLine)).toEqual([]);
  });

  test.each<[string, TwinDefinition, string]>([
    ["an id with a space", { ...webLine, id: "web line" }, "id"],
    ["an id that begins with a digit", { ...webLine, id: "1line" }, "id"],
    ["a version of two numbers", { ...webLine, version: "1.0" }, "version"],
    ["no parameter", { ...webLine, parameters: [] }, "parameters"],
    ["a signal id of 33 characters", signal({ id: "w".repeat(33) }), "signals[0].id"],
    ["a signal id used twice", signal({ id: "w2" }), "signals[1].id"],
    ["a parameter id used twice", parameter({ id: "b2" }), "parameters[1].id"],
    [
      "a virtual sensor used twice",
      { ...webLine, virtualSensors: [webLine.virtualSensors[0]!, webLine.virtualSensors[0]!] },
      "virtualSensors[1].id",
    ],
    ["a unit that is not known", signal({ unit: "furlong" }), "signals[0].unit"],
    ["an empty range", signal({ range: [20, 20] }), "signal w1.range"],
    ["an infinite range", signal({ range: [0, Number.POSITIVE_INFINITY] }), "signal w1.range"],
    ["a nominal value outside the range", signal({ nominal: 61 }), "signal w1.nominal"],
    ["a period of zero", signal({ period: 0 }), "signal w1.period"],
    ["a noise that is not a number", signal({ noise: Number.NaN }), "signal w1.noise"],
    ["a wander of zero", signal({ wander: 0 }), "signal w1.wander"],
    ["a negative rate", signal({ maxRate: -1 }), "signal w1.maxRate"],
    ["a negative bias", signal({ bias: -0.1 }), "signal w1.bias"],
    ["a resolution that is no whole part of one", signal({ resolution: 0.0037 }), "signal w1.resolution"],
    ["a resolution of a broken number", signal({ resolution: 1.5, noise: 2 }), "signal w1.resolution"],
    ["a resolution coarser than the noise", signal({ resolution: 0.1 }), "signal w1.resolution"],
    ["bounds that are none", parameter({ bounds: [0, Number.POSITIVE_INFINITY] }), "parameter b1.bounds"],
    ["a prior mean on the bound", parameter({ prior: { mean: 0, sd: 1 } }), "parameter b1.prior.mean"],
    ["a prior sd of zero", parameter({ prior: { mean: 0.1, sd: 0 } }), "parameter b1.prior.sd"],
    ["a drift of zero", parameter({ drift: 0 }), "parameter b1.drift"],
    ["no cause", parameter({ cause: "" }), "parameter b1.cause"],
    ["no action", parameter({ action: "" }), "parameter b1.action"],
    ["a mode of no signal", mode({ anyOf: [] }), "mode.anyOf"],
    ["a mode of a signal that is not declared", mode({ anyOf: ["w6"] }), "mode.anyOf"],
    ["a mode above nothing", mode({ above: Number.NaN }), "mode.above"],
    ["a certainty of false alarms", policy({ falseAlarmPer14Days: 1 }), "policy.falseAlarmPer14Days"],
    ["no false alarm ever", policy({ falseAlarmPer14Days: 0 }), "policy.falseAlarmPer14Days"],
    ["a trial of half a row", policy({ trialRows: 0.5 }), "policy.trialRows"],
    ["a schedule of zero", policy({ schedule: 0 }), "policy.schedule"],
    ["a negative cool-down", policy({ coolDown: -1 }), "policy.coolDown"],
    ["a trial without a limit", policy({ trialLimit: Number.POSITIVE_INFINITY }), "policy.trialLimit"],
    ["no lateness", policy({ lateness: 0 }), "policy.lateness"],
    ["no expiry", policy({ expiry: Number.NaN }), "policy.expiry"],
  ])("with %s is told so, at its place and nowhere else", (_name, definition, path) => {
    const faults = definitionFaults(definition);
    expect(faults.map((fault) => fault.path)).toEqual([path]);
    expect(faults[0]?.found.length).toBeGreaterThan(0);
    expect(faults[0]?.expected.length).toBeGreaterThan(0);
  });
  test("without any signal is told so, and that its mode rests on signals that are not there", () => {
    const faults = definitionFaults({ ...base, signals: [] });
    expect(faults.map(({ path }) => path)).toEqual(["signals", "mode.anyOf"]);
  });

  test("with limits upside down is told so, and that nothing can lie inside them", () => {
    expect(definitionFaults(signal({ range: [60, -1] })).map(({ path }) => path)).toEqual([
      "signal w1.range",
      "signal w1.nominal",
    ]);
    expect(definitionFaults(parameter({ bounds: [0.5, 0] })).map(({ path }) => path)).toEqual([
      "parameter b1.bounds",
      "parameter b1.prior.mean",
    ]);
  });
});

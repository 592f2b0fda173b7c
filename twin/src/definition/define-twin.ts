import { type Fault, FaultsError } from "../errors.ts";
import { UNITS } from "../units.ts";
import type { ParameterDefinition, SignalDefinition, TwinDefinition } from "./twin-definition.ts";

/** Declares a twin; throws one error with every fault in it. */
export function defineTwin(definition: TwinDefinition): TwinDefinition {
  const faults = definitionFaults(definition);
  if (faults.length > 0) {
    throw new FaultsError(
      "BAD_TWIN_DEFINITION",
      `the definition of twin ${JSON.stringify(definition.id)}`,
      faults,
      "mend every line above, then declare the twin again",
    );
  }
  return Object.freeze(definition);
}

const ID = /^[a-zA-Z][a-zA-Z0-9_-]{0,31}$/;
const VERSION = /^\d+\.\d+\.\d+$/;

/** Every fault of a definition; none means that it may be used. */
export function definitionFaults(definition: TwinDefinition): Fault[] {
  const faults: Fault[] = [];
  const expect = (holds: boolean, path: string, found: unknown, expected: string): void => {
    if (!holds)
      faults.push({
        path,
        found: typeof found === "number" ? String(found) : (JSON.stringify(found) ?? "nothing"),
        expected,
      });
  };
  expect(ID.test(definition.id), "id", definition.id, `an identifier such as "web-line"`);
  expect(
    VERSION.test(definition.version),
    "version",
    definition.version,
    `a semantic version such as "1.0.0"`,
  );
  expect(definition.signals.length > 0, "signals", definition.signals, "at least one signal");
  expect(definition.parameters.length > 0, "parameters", definition.parameters, "at least one parameter");
  for (const [list, path] of [
    [definition.signals, "signals"],
    [definition.parameters, "parameters"],
    [definition.virtualSensors, "virtualSensors"],
  ] as const) {
    const seen = new Set<string>();
    for (const [index, { id, unit }] of list.entries()) {
      expect(ID.test(id), `${path}[${index}].id`, id, "a letter, then letters, digits, _ or - (at most 32)");
      expect(!seen.has(id), `${path}[${index}].id`, id, "an id that no other entry of the list has");
      expect(UNITS.includes(unit), `${path}[${index}].unit`, unit, `one of ${UNITS.join(", ")}`);
      seen.add(id);
    }
  }
  for (const signal of definition.signals) checkSignal(signal, expect);
  for (const parameter of definition.parameters) checkParameter(parameter, expect);
  checkMode(definition, expect);
  checkPolicy(definition, expect);
  return faults;
}

type Expect = (holds: boolean, path: string, found: unknown, expected: string) => void;

function checkSignal(signal: SignalDefinition, expect: Expect): void {
  const at = (field: string): string => `signal ${signal.id}.${field}`;
  const [low, high] = signal.range;
  expect(
    Number.isFinite(low) && Number.isFinite(high) && low < high,
    at("range"),
    signal.range,
    "[low, high] with low < high, both finite",
  );
  if (signal.scale)
    expect(
      signal.scale[0] >= low && signal.scale[1] <= high && signal.scale[0] < signal.scale[1],
      at("scale"),
      signal.scale,
      `[low, high] inside the range [${low}, ${high}]`,
    );
  expect(
    signal.nominal >= low && signal.nominal <= high,
    at("nominal"),
    signal.nominal,
    `a value inside the range [${low}, ${high}]`,
  );
  for (const field of ["period", "noise", "wander", "maxRate", "resolution"] as const) {
    expect(
      Number.isFinite(signal[field]) && signal[field] > 0,
      at(field),
      signal[field],
      "a positive number",
    );
  }
  expect(
    Number.isFinite(signal.bias) && signal.bias >= 0,
    at("bias"),
    signal.bias,
    "zero or a positive number",
  );
  expect(
    isStep(signal.resolution),
    at("resolution"),
    signal.resolution,
    "1/k or k with k a whole number, such as 0.001",
  );
  expect(
    !(signal.resolution > signal.noise),
    at("resolution"),
    signal.resolution,
    `at most the noise (${signal.noise})`,
  );
}

const isStep = (step: number): boolean => {
  const whole = step < 1 ? 1 / step : step;
  return Math.abs(whole - Math.round(whole)) < 1e-6;
};

function checkParameter(parameter: ParameterDefinition, expect: Expect): void {
  const at = (field: string): string => `parameter ${parameter.id}.${field}`;
  const [low, high] = parameter.bounds;
  const { mean, sd } = parameter.prior;
  expect(
    Number.isFinite(low) && Number.isFinite(high) && low < high,
    at("bounds"),
    parameter.bounds,
    "[low, high] with low < high, both finite",
  );
  expect(
    mean > low && mean < high,
    at("prior.mean"),
    mean,
    `a value strictly inside the bounds (${low}, ${high})`,
  );
  expect(Number.isFinite(sd) && sd > 0, at("prior.sd"), sd, "a positive number");
  expect(
    Number.isFinite(parameter.drift) && parameter.drift > 0,
    at("drift"),
    parameter.drift,
    "a positive number per √day",
  );
  expect(parameter.cause.length > 0, at("cause"), parameter.cause, "the physical cause that a drift means");
  expect(
    parameter.action.length > 0,
    at("action"),
    parameter.action,
    "what the person on call should do about it",
  );
}

function checkMode({ mode, signals }: TwinDefinition, expect: Expect): void {
  expect(mode.anyOf.length > 0, "mode.anyOf", mode.anyOf, "at least one signal id");
  for (const id of mode.anyOf) {
    expect(
      signals.some((signal) => signal.id === id),
      "mode.anyOf",
      id,
      "the id of a declared signal",
    );
  }
  expect(Number.isFinite(mode.above), "mode.above", mode.above, "a finite number");
}

function checkPolicy({ policy }: TwinDefinition, expect: Expect): void {
  const { falseAlarmPer14Days, trialRows } = policy;
  expect(
    falseAlarmPer14Days > 0 && falseAlarmPer14Days < 1,
    "policy.falseAlarmPer14Days",
    falseAlarmPer14Days,
    "a probability between 0 and 1",
  );
  expect(
    Number.isInteger(trialRows) && trialRows > 0,
    "policy.trialRows",
    trialRows,
    "a positive whole number",
  );
  for (const field of ["schedule", "coolDown", "trialLimit", "lateness", "expiry"] as const) {
    expect(
      Number.isFinite(policy[field]) && policy[field] > 0,
      `policy.${field}`,
      policy[field],
      "a positive span in ms",
    );
  }
}

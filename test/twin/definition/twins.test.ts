import { definitionFaults } from "@plumbline/twin/definition/define-twin";
import { definitionDigest } from "@plumbline/twin/definition/digest";
import { priorSet } from "@plumbline/twin/definition/prior-set";
import { measuredAlias, propertyAlias, twinProperties } from "@plumbline/twin/definition/properties";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import { webLine } from "@plumbline/twin/definition/web-line";
import { steadyModel } from "@plumbline/twin/models/models";
import { daysBetween, instant } from "@plumbline/twin/units";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

/** Every twin of `twins.ts`; the first test goes red when one is added there and not here. */
const IDS = ["web-line"];

test("the twins under test are all the twins there are", () => {
  const { code, hint } = refusal(() => twinDefinition("none"));
  expect(code).toBe("UNKNOWN_TWIN");
  expect(hint).toBe(`use one of: ${IDS.join(", ")}`);
  expect(refusal(() => steadyModel("none")).code).toBe("UNKNOWN_MODEL");
});

describe.each(IDS)("the twin %s", (id) => {
  const definition = twinDefinition(id);
  const model = steadyModel(definition.model);
  const ids = (list: readonly { id: string }[]): string[] => list.map((entry) => entry.id);

  test("is valid", () => expect(definitionFaults(definition)).toEqual([]));

  test("has a model whose outputs are its signals, then its virtual sensors, in definition order", () => {
    expect(model.outputs).toEqual([...ids(definition.signals), ...ids(definition.virtualSensors)]);
    expect(model.parameters).toEqual(ids(definition.parameters));
  });

  test("has a model whose value at the prior is near every signal's nominal value", () => {
    const outputs = new Float64Array(model.outputs.length);
    model.evaluate(
      Float64Array.from(definition.parameters, ({ prior }) => prior.mean),
      outputs,
    );
    for (const [index, { id: name, nominal, range }] of definition.signals.entries()) {
      expect(Math.abs(outputs[index]! - nominal), name).toBeLessThan(0.01 * (range[1] - range[0]));
    }
  });

  test("has one property for each thing that is stored, and no two kinds share one", () => {
    const properties = twinProperties(definition);
    const of = (kind: string): string[] =>
      properties.filter((property) => property.kind === kind).map((property) => property.id);
    expect(of("measured")).toEqual(ids(definition.signals));
    expect(of("filtered")).toEqual(ids(definition.signals));
    expect(of("filtered-sd")).toEqual(ids(definition.signals));
    expect(of("virtual")).toEqual(ids(definition.virtualSensors));
    expect(of("virtual-sd")).toEqual(ids(definition.virtualSensors));
    expect(of("parameter")).toEqual(ids(definition.parameters));
    expect(of("parameter-sd")).toEqual(ids(definition.parameters));
    expect(of("verdict")).toEqual(["recalibration"]);
    expect(properties).toHaveLength(
      3 * definition.signals.length +
        2 * definition.virtualSensors.length +
        2 * definition.parameters.length +
        1,
    );
    expect(new Set(properties.map(({ name }) => name)).size).toBe(properties.length);
    const aliases = properties.map(({ kind, id: name }) => propertyAlias("gateway-7", "line-1", kind, name));
    expect(new Set(aliases).size).toBe(properties.length);
  });

  test("starts from a set that is its prior, with intervals inside the bounds", () => {
    const set = priorSet(definition, "gateway-7", "line-1");
    expect(set.version).toBe(0);
    expect(set.model).toBe(definitionDigest(definition));
    for (const [index, { bounds, prior }] of definition.parameters.entries()) {
      const { mean, sd, interval90, interval99 } = set.parameters[index]!;
      expect([mean, sd]).toEqual([prior.mean, prior.sd]);
      for (const [low, high] of [interval90, interval99]) {
        expect(low).toBeGreaterThanOrEqual(bounds[0]);
        expect(high).toBeLessThanOrEqual(bounds[1]);
      }
      expect(interval99[1]).toBeGreaterThan(interval90[1]);
      expect(set.covariance[index * definition.parameters.length + index]).toBe(prior.sd ** 2);
    }
    expect(set.covariance.filter((value) => value !== 0)).toHaveLength(definition.parameters.length);
    expect(set.signals.map(({ bias, biasSd }) => [bias, biasSd])).toEqual(
      definition.signals.map(({ bias }) => [0, bias]),
    );
  });

  test("has another digest when any one of its members changes", () => {
    const digest = definitionDigest(definition);
    const seen = new Set([digest]);
    const variants = changedCopies(definition);
    expect(variants.length).toBeGreaterThan(100);
    for (const variant of variants) seen.add(definitionDigest(variant as typeof definition));
    expect(seen.size).toBe(variants.length + 1);
    expect(definitionDigest(JSON.parse(JSON.stringify(definition)) as typeof definition)).toBe(digest);
  });
});

/** One copy per leaf of a value, with that leaf changed. */
function changedCopies(value: unknown): unknown[] {
  if (typeof value === "number") return [value + 1];
  if (typeof value === "string") return [`${value}!`];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    return value.flatMap((entry: unknown, index) =>
      changedCopies(entry).map((changed) => value.with(index, changed)),
    );
  }
  return Object.entries(value).flatMap(([key, entry]) =>
    changedCopies(entry).map((changed) => ({ ...value, [key]: changed })),
  );
}

describe("aliases", () => {
  test("say thing, instance, kind and id, and refuse a name that could add a level", () => {
    expect(measuredAlias("gateway-7", "line-1", "w3")).toBe("/plumbline/gateway-7/line-1/measured/w3");
    expect(propertyAlias("gateway-7", "line-1", "parameter-sd", "b3")).toBe(
      "/plumbline/gateway-7/line-1/parameter-sd/b3",
    );
    expect(refusal(() => measuredAlias("gateway/7", "line-1", "w3")).code).toBe("BAD_NAME");
    expect(refusal(() => measuredAlias("gateway-7", "line/1", "w3")).code).toBe("BAD_NAME");
  });
});

describe("the web line", () => {
  test("has nine rollers, none of them number six, and twelve spans", () => {
    expect(webLine.parameters.map(({ id }) => id)).toEqual([
      "b1",
      "b2",
      "b3",
      "b4",
      "b5",
      "b7",
      "b8",
      "b9",
      "b10",
    ]);
    expect(webLine.signals.filter(({ unit }) => unit === "N")).toHaveLength(12);
  });
  test("a day is 86,400,000 ms", () => expect(daysBetween(instant(0), instant(86_400_000))).toBe(1));
});

import { randomUUID } from "node:crypto";
import { anything, type Check, listOf, mapOf, struct, text, union } from "../http/shape.ts";
import { invalidRequest, limitExceeded } from "./faults.ts";
import { customId, dataType, externalId, name } from "./shapes.ts";
import { kindOf, type ModelProperty } from "./sqlite-models.ts";

const variables = listOf(
  struct({ name: text({ min: 1, max: 64, pattern: /^[a-z][a-z0-9_]*$/ }), value: mapOf(anything) }, {}),
);
const expression = text({ max: 1_024 });
const processingConfig = mapOf(anything);

/** Transforms and metrics are kept and handed back, and not computed. */
const propertyType = union({
  attribute: struct({}, { defaultValue: text({}) }),
  measurement: struct({}, { processingConfig }),
  transform: struct({ expression, variables }, { processingConfig }),
  metric: struct({ expression, variables, window: mapOf(anything) }, { processingConfig }),
});

/** A property as a request gives it: the id may still be missing. */
export interface GivenProperty extends Omit<ModelProperty, "id"> {
  readonly id?: string;
  readonly path?: readonly unknown[];
}

const property: Check<GivenProperty> = struct(
  { name, dataType, type: propertyType },
  { id: customId, externalId, unit: name, path: listOf(mapOf(anything)) },
);
export const modelProperties: Check<readonly GivenProperty[]> = listOf(property);

/**
 * Given properties as they are stored: those without an id get the id that `known` has under their name, or a new one.
 * @throws {ServiceFault} on a name or id given twice, on too many, and on a known property whose type would change.
 */
export function settleProperties(
  given: readonly GivenProperty[],
  known: readonly ModelProperty[],
  maxProperties: number,
): ModelProperty[] {
  if (given.length > maxProperties)
    throw limitExceeded(`An asset model has at most ${maxProperties} properties`);
  const settled = given.map(({ id, path: _, ...rest }): ModelProperty => {
    const before = known.find((each) => (id === undefined ? each.name === rest.name : each.id === id));
    const property = { ...rest, id: id ?? before?.id ?? randomUUID() };
    if (
      before !== undefined &&
      (before.dataType !== property.dataType || kindOf(before) !== kindOf(property))
    )
      throw invalidRequest(`The data type and kind of property ${property.name} cannot change`);
    return property;
  });
  for (const key of ["id", "name", "externalId"] as const) {
    const keys = settled.flatMap((each) => each[key] ?? []);
    const twice = keys.find((each, index) => keys.indexOf(each) !== index);
    if (twice !== undefined) throw invalidRequest(`The ${key} ${twice} is given to two properties`);
  }
  return settled;
}

/** An attribute's default as the value of its data type. */
export function defaultValue({
  dataType,
  type,
}: ModelProperty): { kind: string; value: number | string } | undefined {
  const given = type.attribute?.["defaultValue"];
  if (typeof given !== "string") return undefined;
  if (dataType === "STRING") return { kind: "S", value: given };
  if (dataType === "BOOLEAN") return { kind: "B", value: given === "true" ? 1 : 0 };
  const number = Number(given);
  if (!Number.isFinite(number))
    throw invalidRequest(`The default value ${JSON.stringify(given)} is not of type ${dataType}`);
  return { kind: dataType === "INTEGER" ? "I" : "D", value: number };
}

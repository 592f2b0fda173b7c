import { instanceOf, thingOf } from "../contract/topics.ts";
import type { Unit } from "../units.ts";
import type { TwinDefinition } from "./twin-definition.ts";

/** What a SiteWise property holds. Measured, filtered and predicted values never share one. */
export type PropertyKind =
  | "measured"
  | "filtered"
  | "filtered-sd"
  | "virtual"
  | "virtual-sd"
  | "parameter"
  | "parameter-sd"
  | "verdict";

export interface TwinProperty {
  readonly kind: PropertyKind;
  /** Signal, virtual sensor or parameter id. */
  readonly id: string;
  /** Unique in the asset model, such as `filtered-sd/w3`. */
  readonly name: string;
  readonly unit: Unit;
  readonly dataType: "DOUBLE" | "STRING";
}

/** Every property of a twin's asset, in definition order. */
export function twinProperties(definition: TwinDefinition): TwinProperty[] {
  const of = (
    kind: PropertyKind,
    id: string,
    unit: Unit,
    dataType: TwinProperty["dataType"] = "DOUBLE",
  ): TwinProperty => ({ kind, id, name: `${kind}/${id}`, unit, dataType });
  return [
    ...definition.signals.flatMap(({ id, unit }) => [
      of("measured", id, unit),
      of("filtered", id, unit),
      of("filtered-sd", id, unit),
    ]),
    ...definition.virtualSensors.flatMap(({ id, unit }) => [
      of("virtual", id, unit),
      of("virtual-sd", id, unit),
    ]),
    ...definition.parameters.flatMap(({ id, unit }) => [
      of("parameter", id, unit),
      of("parameter-sd", id, unit),
    ]),
    of("verdict", "recalibration", "1", "STRING"),
  ];
}

/** The alias under which a property's time series is written and read. */
export const propertyAlias = (thing: string, instance: string, kind: PropertyKind, id: string): string =>
  `/plumbline/${thingOf(thing)}/${instanceOf(instance)}/${kind}/${id}`;

/** An alias that can hold only measurements: the one type that a history may read. */
export type MeasuredAlias = string & { readonly measured: unique symbol };
export const measuredAlias = (thing: string, instance: string, signal: string): MeasuredAlias =>
  propertyAlias(thing, instance, "measured", signal) as MeasuredAlias;

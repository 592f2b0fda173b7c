import type { ParameterSet } from "../contract/parameter-set.ts";
import { definitionDigest } from "./digest.ts";
import type { TwinDefinition } from "./twin-definition.ts";

/** Version 0: what a machine runs with before any commit; the definition's own prior, sensors without bias. */
export function priorSet(definition: TwinDefinition, thing: string, instance: string): ParameterSet {
  const { parameters, signals } = definition;
  return {
    thing,
    instance,
    twin: { id: definition.id, version: definition.version },
    model: definitionDigest(definition),
    version: 0,
    issued: 0,
    expires: Number.MAX_SAFE_INTEGER,
    window: [0, 0],
    parameters: parameters.map(({ id, unit, prior, bounds }) => {
      const interval = (width: number): [number, number] => [
        Math.max(bounds[0], prior.mean - width * prior.sd),
        Math.min(bounds[1], prior.mean + width * prior.sd),
      ];
      return {
        id,
        unit,
        mean: prior.mean,
        sd: prior.sd,
        interval90: interval(1.645),
        interval99: interval(2.576),
        identifiable: "not" as const,
      };
    }),
    covariance: parameters.flatMap((_, row) =>
      parameters.map(({ prior }, column) => (row === column ? prior.sd ** 2 : 0)),
    ),
    signals: signals.map(({ id, noise, bias }) => ({ id, noise, bias: 0, biasSd: bias })),
    light: { kind: "model", id: definition.model },
    evidence: "",
  };
}

import type { Frame } from "@plumbline/twin/contract/frame";
import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import { definitionDigest } from "@plumbline/twin/definition/digest";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import { TwinError } from "@plumbline/twin/errors";
import { Observer } from "@plumbline/twin/estimation/observer";
import type { IngestState } from "../store/ingest-state.ts";

/** The definition that a frame's filters ran with; a digest that is not ours would be computed with other code. */
export type TwinOfFrame =
  | { readonly kind: "same"; readonly definition: TwinDefinition }
  | { readonly kind: "other"; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string };

export function twinOfFrame({ twin, filter }: Pick<Frame, "twin" | "filter">): TwinOfFrame {
  let definition: TwinDefinition;
  try {
    definition = twinDefinition(twin.id);
  } catch (error) {
    if (error instanceof TwinError) return { kind: "unknown", reason: error.message };
    throw error;
  }
  const ours = definitionDigest(definition);
  if (definition.version === twin.version && ours === filter) return { kind: "same", definition };
  return {
    kind: "other",
    reason: `the gateway runs ${twin.id} ${twin.version} (${filter.slice(0, 12)}…), the cloud ${definition.version} (${ours.slice(0, 12)}…)`,
  };
}

export type Readied =
  | { readonly kind: "ready"; readonly observer: Observer }
  | { readonly kind: "not-reproducible"; readonly reason: string };

/**
 * The observer as it was on the gateway before the frame's first reading, or why there is none. The frame's start hash
 * decides: numbers are recomputed from the gateway's own state or not at all.
 */
export function readied(
  definition: TwinDefinition,
  state: Pick<IngestState, "sequence" | "set">,
  live: Observer | undefined,
  frame: Pick<Frame, "sequence" | "set" | "start">,
  set: ParameterSet | undefined,
): Readied {
  const no = (reason: string): Readied => ({ kind: "not-reproducible", reason });
  if (!set) return no(`parameter set ${frame.set} is not ours`);
  const first = state.sequence === 0;
  const observer = live ?? (first ? Observer.start(definition, set) : undefined);
  if (!observer) return no("waiting for a checkpoint of the gateway's filters");
  if (live && frame.set !== state.set) observer.install(set);
  if (observer.hash() === frame.start) return { kind: "ready", observer };
  return no("the gateway's filters stood elsewhere when the frame began");
}

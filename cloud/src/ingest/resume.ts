import { twinDefinition } from "@plumbline/twin/definition/twins";
import type { Observer } from "@plumbline/twin/estimation/observer";
import type { IngestState } from "../store/ingest-state.ts";
import { parameterSet } from "../store/parameter-sets.ts";
import { restored } from "./follow.ts";
import type { IngestPorts } from "./ports.ts";

/** The observer of a stored state, bit-exact; undefined when it has none, or one of another definition. */
export async function resume({ objects }: IngestPorts, state: IngestState): Promise<Observer | undefined> {
  if (state.observer === null) return undefined;
  const definition = twinDefinition(state.twin.id);
  const set = await parameterSet(objects, definition, state.thing, state.instance, state.set);
  return set && restored(definition, set, state.observer);
}

import type { Reading } from "@plumbline/twin/contract/reading";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import type { IngestState } from "../store/ingest-state.ts";

/**
 * What a machine's sensors have read. A history gives measurements only, each at least once, in any order: the
 * canonical order is made by who assimilates them.
 */
export interface History {
  /** Readings with event time above `after`, from everything that `state` has taken in. */
  readings(definition: TwinDefinition, state: IngestState, after: number): AsyncIterable<Reading>;
}

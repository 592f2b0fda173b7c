import type { Reading } from "@plumbline/twin/contract/reading";
import { type MeasuredAlias, measuredAlias } from "@plumbline/twin/definition/properties";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import type { IngestState } from "../store/ingest-state.ts";
import type { History } from "./history.ts";
import type { MeasurementStore } from "./measurements.ts";

/**
 * SiteWise's measured properties, for machines whose frames are not archived. It keeps qualities, but neither reasons nor
 * identities: what the gateway called late is assimilated here.
 */
export class SiteWiseHistory implements History {
  readonly #store: MeasurementStore;

  constructor(store: MeasurementStore) {
    this.#store = store;
  }

  async *readings(
    { signals }: TwinDefinition,
    { thing, instance, highest }: IngestState,
    after: number,
  ): AsyncIterable<Reading> {
    const bySeries = new Map<MeasuredAlias, string>(
      signals.map(({ id }) => [measuredAlias(thing, instance, id), id]),
    );
    for await (const { alias, at, value, quality } of this.#store.measurements(
      [...bySeries.keys()],
      after,
      highest ?? after,
    )) {
      const signal = bySeries.get(alias);
      if (signal !== undefined) yield { signal, at, value, quality };
    }
  }
}

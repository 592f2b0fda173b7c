import type { Reading } from "@plumbline/twin/contract/reading";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import type { GatewayLink } from "../aws/iot-data.ts";
import type { CloudEvent } from "../events.ts";
import type { PropertyWriter } from "../sitewise/property-writer.ts";
import type { IngestState } from "../store/ingest-state.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** Readings of a machine with event time above `after`, in any order. */
export interface ReadingSource {
  readings(definition: TwinDefinition, state: IngestState, after: number): AsyncIterable<Reading>;
}

/** Signs a set and brings it to its gateway; done twice, it is done once. Gives the number of parts. */
export interface SetPublisher {
  publish(
    thing: string,
    instance: string,
    set: { readonly version: number; readonly payload: string },
  ): Promise<number>;
}

/** What a recalibration needs of the world. */
export interface JobPorts {
  readonly objects: ObjectStore;
  readonly history: ReadingSource;
  readonly writer: Pick<PropertyWriter, "write">;
  readonly link: Pick<GatewayLink, "shadow">;
  readonly publisher: SetPublisher;
  /** Scenario time and wall time, ms since the Unix epoch. */
  readonly now: () => number;
  readonly wall: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly tell: (event: CloudEvent) => void;
}

import type { GatewayLink } from "../aws/iot-data.ts";
import type { CloudEvent } from "../events.ts";
import type { PropertyWriter } from "../sitewise/property-writer.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** What ingest needs of the world. */
export interface IngestPorts {
  readonly objects: ObjectStore;
  readonly writer: PropertyWriter;
  readonly link: GatewayLink;
  /** Scenario time, ms since the Unix epoch. */
  readonly now: () => number;
  readonly tell: (event: CloudEvent) => void;
}

import { matchesFilter } from "../../broker/topic-filter.ts";
import { coversFilter } from "./filter-cover.ts";

/**
 * Who may publish and subscribe to what: the IoT policies of the product, in the box's own words.
 *  - thing: its own frames, heartbeats and requests for parts; its own shadows; its own acks and parts.
 *  - ingest: acks of every thing; frames, heartbeats and requests of every thing. (Parts go through iot-data.)
 *  - observer: hears everything, says nothing.
 */
export type Identity =
  | { readonly role: "thing"; readonly name: string; readonly thing: string }
  | { readonly role: "ingest" | "observer"; readonly name: string };

interface Rules {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const FROM_THING = ["frame", "heartbeat", "parameters-request"];

function rulesOf(identity: Identity): Rules {
  switch (identity.role) {
    case "thing": {
      const own = `plumbline/v1/${identity.thing}`;
      const shadow = `$aws/things/${identity.thing}/shadow/name/+`;
      const answers = ["get", "update"].flatMap((verb) => [
        `${shadow}/${verb}/accepted`,
        `${shadow}/${verb}/rejected`,
      ]);
      return {
        publish: [...FROM_THING.map((kind) => `${own}/${kind}`), `${shadow}/get`, `${shadow}/update`],
        subscribe: [
          `${own}/ack`,
          `${own}/parameters/#`,
          ...answers,
          `${shadow}/update/delta`,
          `${shadow}/update/documents`,
        ],
      };
    }
    case "ingest":
      return {
        publish: ["plumbline/v1/+/ack"],
        subscribe: FROM_THING.map((kind) => `plumbline/v1/+/${kind}`),
      };
    case "observer":
      return { publish: [], subscribe: ["#", "$aws/#"] };
  }
}

export const mayPublish = (identity: Identity, topic: string): boolean =>
  rulesOf(identity).publish.some((allowed) => matchesFilter(topic, allowed));

export const maySubscribe = (identity: Identity, filter: string): boolean =>
  rulesOf(identity).subscribe.some((allowed) => coversFilter(allowed, filter));

/** The thing's own frames: what a replay doubles. */
export const isFrame = (identity: Identity, topic: string): boolean =>
  identity.role === "thing" && topic === `plumbline/v1/${identity.thing}/frame`;

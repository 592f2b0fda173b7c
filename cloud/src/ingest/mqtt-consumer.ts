import {
  FRAME_FILTER,
  HEARTBEAT_FILTER,
  PART_REQUEST_FILTER,
  readTopic,
} from "@plumbline/twin/contract/topics";
import { connect } from "mqtt";
import type { CloudEvent } from "../events.ts";
import type { Delivery } from "./inbox.ts";

export interface BrokerLogin {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly clientId: string;
}

/** Wall time between two tries to reach the broker, ms. */
const RECONNECT_MS = 500;

/**
 * Everything that gateways publish, as role ingest; resolves once subscribed, however long the broker is away. The
 * session is clean: what is missed comes again, since only our own acknowledgement lets a gateway forget.
 */
export function consume(
  { url, ...login }: BrokerLogin,
  onDelivery: (delivery: Delivery) => void,
  tell: (event: CloudEvent) => void,
): Promise<{ close(): Promise<void> }> {
  const client = connect(url, {
    ...login,
    clean: true,
    reconnectPeriod: RECONNECT_MS,
    resubscribe: false,
    protocolVersion: 4,
  });
  client.on("message", (topic, payload) => {
    const read = readTopic(topic);
    if (read?.kind === "frame" || read?.kind === "heartbeat" || read?.kind === "partRequest") {
      onDelivery({ kind: read.kind, thing: read.thing, payload });
    }
  });
  client.on("close", () =>
    tell({ name: "ingest.disconnected", reason: `connection to ${url} closed; trying again` }),
  );
  client.on("error", (error) => tell({ name: "ingest.disconnected", reason: error.message }));
  const subscription = { close: () => client.endAsync() };
  return new Promise((resolve) => {
    client.on("connect", () => {
      client.subscribe([FRAME_FILTER, HEARTBEAT_FILTER, PART_REQUEST_FILTER], { qos: 1 }, (error) => {
        if (error) {
          tell({
            name: "ingest.disconnected",
            reason: `the broker refused the subscription: ${error.message}`,
          });
          return;
        }
        tell({ name: "ingest.listening", broker: url });
        resolve(subscription);
      });
    });
  });
}

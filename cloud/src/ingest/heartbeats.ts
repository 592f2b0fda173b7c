import { decodeHeartbeat, type Heartbeat } from "@plumbline/twin/contract/heartbeat";
import { TwinError } from "@plumbline/twin/errors";
import { putJson } from "../store/json-object.ts";
import { heartbeatKey } from "../store/layout.ts";
import type { IngestPorts } from "./ports.ts";

/** The gateway's last word on itself, for people; `received` in scenario time. */
export type LastHeartbeat = Heartbeat & { readonly received: number };

/** @throws {TwinError} BAD_MESSAGE, or FOREIGN_HEARTBEAT when it names another thing than its sender. */
export async function keepHeartbeat(
  { objects, now }: IngestPorts,
  sender: string,
  json: string,
): Promise<void> {
  const heartbeat = decodeHeartbeat(json);
  if (heartbeat.thing !== sender) {
    throw new TwinError(
      "FOREIGN_HEARTBEAT",
      `a heartbeat of thing ${heartbeat.thing} was sent by ${sender}`,
      "look at the gateway's certificate and configuration",
    );
  }
  await putJson(objects, heartbeatKey(sender), { ...heartbeat, received: now() } satisfies LastHeartbeat);
}

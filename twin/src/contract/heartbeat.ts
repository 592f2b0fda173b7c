import { finite, Members, oneOf, optional, parseJson, text, whole } from "./json.ts";
import { CONTRACT_VERSION } from "./version.ts";

/** The agent's word on itself. A hint for people and dashboards: it starts nothing. */
export interface Heartbeat {
  readonly thing: string;
  readonly instance: string;
  readonly at: number;
  readonly agentVersion: string;
  readonly twinVersion: string;
  readonly epoch: string;
  readonly backlogReadings: number;
  readonly backlogFrames: number;
  readonly backlogBytes: number;
  /** Event time of the oldest reading that is not acknowledged end to end. */
  readonly oldest?: number;
  readonly set: number;
  readonly applyState: "idle" | "trial" | "held";
  /** Mean NIS of the pre-filters over the last window; 1 is consistent. */
  readonly meanNis?: number;
}

export const encodeHeartbeat = (heartbeat: Heartbeat): string =>
  JSON.stringify({ v: CONTRACT_VERSION, ...heartbeat });

/** @throws {TwinError} BAD_MESSAGE */
export function decodeHeartbeat(json: string): Heartbeat {
  const members = new Members(parseJson(json, "heartbeat", 4_096), "heartbeat");
  members.get("v", whole(CONTRACT_VERSION, CONTRACT_VERSION));
  const oldest = members.get("oldest", optional(finite));
  const meanNis = members.get("meanNis", optional(finite));
  return {
    thing: members.get("thing", text(128)),
    instance: members.get("instance", text(32)),
    at: members.get("at", finite),
    agentVersion: members.get("agentVersion", text(32)),
    twinVersion: members.get("twinVersion", text(32)),
    epoch: members.get("epoch", text(16)),
    backlogReadings: members.get("backlogReadings", whole(0)),
    backlogFrames: members.get("backlogFrames", whole(0)),
    backlogBytes: members.get("backlogBytes", whole(0)),
    set: members.get("set", whole(0)),
    applyState: members.get("applyState", oneOf(["idle", "trial", "held"] as const)),
    ...(oldest === undefined ? {} : { oldest }),
    ...(meanNis === undefined ? {} : { meanNis }),
  };
}

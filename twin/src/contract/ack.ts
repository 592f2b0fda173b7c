import { Members, parseJson, text, whole } from "./json.ts";
import { CONTRACT_VERSION } from "./version.ts";

/**
 * The end-to-end acknowledgement: every frame of `epoch` up to `sequence` is stored, parked or dead-lettered durably.
 * Only this deletes. `hash` is the chain hash of those frames, so that a forged or foreign ack is recognised.
 */
export interface Ack {
  readonly thing: string;
  readonly epoch: string;
  readonly sequence: number;
  readonly hash: string;
}

export const encodeAck = (ack: Ack): string => JSON.stringify({ v: CONTRACT_VERSION, ...ack });

/** @throws {TwinError} BAD_MESSAGE */
export function decodeAck(json: string): Ack {
  const members = new Members(parseJson(json, "ack", 1_024), "ack");
  members.get("v", whole(CONTRACT_VERSION, CONTRACT_VERSION));
  return {
    thing: members.get("thing", text(128)),
    epoch: members.get("epoch", text(16, /^[0-9a-f]{16}$/)),
    sequence: members.get("sequence", whole(0)),
    hash: members.get("hash", text(64, /^[0-9a-f]{64}$/)),
  };
}

import { type Decoder, object, optional, parseJson } from "@plumbline/twin/contract/json";
import { decodePointer } from "@plumbline/twin/contract/parameter-set";
import { ackTopic, partFilter, readTopic, shadowTopic } from "@plumbline/twin/contract/topics";
import type { CloudListener } from "./cloud-link.ts";

/** AWS shadows answer with at most 30 kB; a part has 4,000 bytes. */
const MAX_MESSAGE = 32 * 1024;

/** Everything that the cloud may say to this thing. */
export const inboundFilters = (thing: string, instance: string): string[] => [
  ackTopic(thing),
  partFilter(thing, instance),
  shadowTopic(thing, instance, "get/accepted"),
  shadowTopic(thing, instance, "get/rejected"),
  shadowTopic(thing, instance, "update/delta"),
  shadowTopic(thing, instance, "update/rejected"),
];

const any: Decoder<unknown> = (value) => value;
const desired = object((state) => state.get("desired", optional(any)));
const accepted = object((document) => document.get("state", optional(desired)));
const delta = object((document) => document.get("state", optional(any)));

export interface Address {
  readonly thing: string;
  readonly instance: string;
}

/** Sorts an inbound message; what cannot be read is told and left. */
export function dispatch(
  topic: string,
  payload: Uint8Array,
  address: Address,
  listener: CloudListener,
): void {
  const text = Buffer.from(payload).toString("utf8");
  const known = readTopic(topic);
  const isOurs = known?.thing === address.thing;
  if (text.length > MAX_MESSAGE) listener.ignored(topic, `${text.length} characters`);
  else if (isOurs && known.kind === "ack") listener.ack(text);
  else if (isOurs && known.kind === "part" && known.instance === address.instance)
    listener.part(known.version, known.part, text);
  else fromShadow(topic, text, address, listener);
}

function fromShadow(
  topic: string,
  text: string,
  { thing, instance }: Address,
  listener: CloudListener,
): void {
  try {
    if (topic === shadowTopic(thing, instance, "get/accepted"))
      wants(accepted(parseJson(text, "shadow", MAX_MESSAGE), "shadow"), listener);
    else if (topic === shadowTopic(thing, instance, "update/delta"))
      wants(delta(parseJson(text, "delta", MAX_MESSAGE), "delta"), listener);
    // Without a shadow yet nothing is wanted.
    else if (topic !== shadowTopic(thing, instance, "get/rejected") || !/"code"\s*:\s*404/.test(text))
      listener.ignored(topic, text.slice(0, 120));
  } catch (error) {
    listener.ignored(topic, error instanceof Error ? error.message : String(error));
  }
}

/** A delta may carry only the members that changed; then the whole document is asked for by the caller's next get. */
function wants(state: unknown, listener: CloudListener): void {
  if (typeof state !== "object" || state === null || !("version" in state)) return;
  listener.desired(decodePointer(state, "desired"));
}

import { cutIntoParts, decodePartRequest } from "@plumbline/twin/contract/parts";
import { partTopic } from "@plumbline/twin/contract/topics";
import { storedSet } from "../store/parameter-sets.ts";
import type { IngestPorts } from "./ports.ts";

/**
 * A gateway misses parts of a parameter set: they are sent again. A version that was never published has no answer;
 * the gateway gives up after its rounds.
 * @throws {TwinError} BAD_MESSAGE
 */
export async function answerPartRequest(
  { objects, link, tell }: IngestPorts,
  thing: string,
  json: string,
): Promise<void> {
  const { instance, version, missing } = decodePartRequest(json);
  const stored = await storedSet(objects, thing, instance, version);
  if (!stored) return;
  const { parts } = cutIntoParts(stored.jws, version);
  const wanted = [...new Set(missing)].filter((part) => part < parts.length);
  for (const part of wanted) await link.publish(partTopic(thing, instance, version, part), parts[part] ?? "");
  tell({ name: "parts.sent", thing, version, parts: wanted.length });
}

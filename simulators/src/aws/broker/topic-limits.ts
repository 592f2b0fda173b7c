/** AWS IoT Core's limits of a topic. */
const MAX_BYTES = 256;
const MAX_SLASHES = 7;
/** Largest payload, bytes. */
export const MAX_PAYLOAD_BYTES: number = 128 * 1024;

const slashes = (topic: string): number => topic.split("/").length - 1;

/** Why a name of levels breaks AWS IoT Core's limits; `undefined` when it does not. `$aws/…` topics may be deeper. */
export function topicFault(topic: string): string | undefined {
  if (topic === "") return "A topic must not be empty";
  if (Buffer.byteLength(topic) > MAX_BYTES) return `A topic has at most ${MAX_BYTES} bytes`;
  if (!topic.startsWith("$aws/") && slashes(topic) > MAX_SLASHES)
    return `A topic has at most ${MAX_SLASHES} slashes`;
  return undefined;
}

/** The same for a topic to publish on, which has no wildcards. */
export const publishTopicFault = (topic: string): string | undefined =>
  /[+#]/.test(topic) || topic.includes("\0") ? "A topic to publish on has no wildcards" : topicFault(topic);

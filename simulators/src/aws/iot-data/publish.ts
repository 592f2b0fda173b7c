import { publishTopicFault } from "../broker/topic-limits.ts";
import { queryObject } from "../http/query-object.ts";
import type { Answer, Call } from "../http/service.ts";
import { ServiceFault } from "../http/service-fault.ts";
import { checkedOr, flag, integer, struct, text } from "../http/shape.ts";

export type Publisher = (topic: string, payload: Buffer, qos: 0 | 1) => Promise<void>;

const invalid = (message: string): ServiceFault => new ServiceFault(400, "InvalidRequestException", message);

/** MQTT 5 members are taken and not carried on: the broker speaks 3.1.1. */
const request = struct(
  { topic: text() },
  {
    qos: integer({ min: 0, max: 1 }),
    retain: flag,
    contentType: text(),
    responseTopic: text(),
    messageExpiry: integer({ min: 0 }),
  },
);

/** Publish: answered when the sessions of all subscribers hold the message. */
export const publish =
  (publisher: Publisher) =>
  async (call: Call): Promise<Answer> => {
    const query = queryObject(call, { qos: "integer", retain: "boolean", messageExpiry: "integer" });
    const { topic, qos = 0, retain = false } = checkedOr(request, query, invalid);
    const fault = publishTopicFault(topic);
    if (fault !== undefined) throw invalid(fault);
    if (topic.startsWith("$"))
      throw invalid(`Topic ${topic} is reserved; shadows have operations of their own`);
    if (retain) throw invalid("Retained messages are not emulated by the cloud in a box");
    await publisher(topic, call.body, qos === 1 ? 1 : 0);
    return { status: 200 };
  };

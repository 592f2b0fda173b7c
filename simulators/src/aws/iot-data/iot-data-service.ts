import { json, restJsonFault } from "../http/json-answer.ts";
import { queryObject } from "../http/query-object.ts";
import type { Answer, Call, Service } from "../http/service.ts";
import { ServiceFault } from "../http/service-fault.ts";
import { checkedOr, integer, struct, text } from "../http/shape.ts";
import type { ShadowService, ShadowVerb } from "../shadow/shadow-service.ts";
import { type Publisher, publish } from "./publish.ts";

/** A published payload may have 128 KB. */
const MAX_BODY = 128 * 1024;

const invalid = (message: string): ServiceFault => new ServiceFault(400, "InvalidRequestException", message);

const CODES = {
  400: "InvalidRequestException",
  404: "ResourceNotFoundException",
  409: "ConflictException",
  413: "RequestEntityTooLargeException",
} as const;

const thingName = text({ min: 1, max: 128, pattern: /^[a-zA-Z0-9:_-]+$/ });
const shadowRequest = struct(
  { thingName },
  { name: text({ min: 1, max: 64, pattern: /^[$a-zA-Z0-9:_-]+$/ }) },
);

/** A shadow operation over HTTP; its topics hear of it too, as AWS's do. */
const shadow =
  (shadows: ShadowService, verb: ShadowVerb) =>
  (call: Call): Answer => {
    const { thingName: thing, name = "" } = checkedOr(shadowRequest, queryObject(call, {}), invalid);
    const outcome = shadows.handle(verb, { thing, name }, verb === "update" ? call.body : Buffer.alloc(0));
    if (outcome.ok)
      return { ...json(outcome.payload), headers: { "content-type": "application/octet-stream" } };
    throw new ServiceFault(outcome.rejection.code, CODES[outcome.rejection.code], outcome.rejection.message);
  };

const listRequest = struct(
  { thingName },
  { nextToken: text({ min: 1, max: 512 }), pageSize: integer({ min: 1, max: 100 }) },
);
const DEFAULT_PAGE = 25;

const listNamed =
  (shadows: ShadowService, now: () => number) =>
  (call: Call): Answer => {
    const request = checkedOr(listRequest, queryObject(call, { pageSize: "integer" }), invalid);
    const limit = request.pageSize ?? DEFAULT_PAGE;
    const after = Buffer.from(request.nextToken ?? "", "base64").toString("utf8");
    const found = shadows.namesOf(request.thingName, after, limit + 1);
    const results = found.slice(0, limit);
    const last = results.at(-1);
    const more =
      found.length > limit && last !== undefined ? { nextToken: Buffer.from(last).toString("base64") } : {};
    return json({ results, timestamp: Math.floor(now() / 1_000), ...more });
  };

export interface IotDataSettings {
  readonly shadows: ShadowService;
  readonly publisher: Publisher;
  readonly now: () => number;
}

/** The IoT data plane: shadows and publish. */
export function iotDataService({ shadows, publisher, now }: IotDataSettings): Service {
  const path = "/things/{thingName}/shadow";
  return {
    signingName: "iotdata",
    maxBodyBytes: MAX_BODY,
    escapesPath: true,
    fault: restJsonFault,
    operations: [
      { name: "GetThingShadow", method: "GET", path, answer: shadow(shadows, "get") },
      { name: "UpdateThingShadow", method: "POST", path, answer: shadow(shadows, "update") },
      { name: "DeleteThingShadow", method: "DELETE", path, answer: shadow(shadows, "delete") },
      {
        name: "ListNamedShadowsForThing",
        method: "GET",
        path: "/api/things/shadow/ListNamedShadowsForThing/{thingName}",
        answer: listNamed(shadows, now),
      },
      { name: "Publish", method: "POST", path: "/topics/{topic}", answer: publish(publisher) },
    ],
  };
}

import * as topics from "@plumbline/twin/contract/topics";
import { describe, expect, test } from "vitest";
import { golden } from "../support/fixtures.ts";
import { refusal } from "../support/refusals.ts";

const THING = "gateway-7";
const INSTANCE = "line-1";

describe("topics of contract version 1", () => {
  const given = golden<Record<string, string>>("topics");

  test("are the golden ones", () => {
    expect({
      frame: topics.frameTopic(THING),
      ack: topics.ackTopic(THING),
      heartbeat: topics.heartbeatTopic(THING),
      part: topics.partTopic(THING, INSTANCE, 3, 0),
      partFilter: topics.partFilter(THING, INSTANCE),
      partRequest: topics.partRequestTopic(THING),
      frameFilter: topics.FRAME_FILTER,
      heartbeatFilter: topics.HEARTBEAT_FILTER,
      partRequestFilter: topics.PART_REQUEST_FILTER,
      shadowGet: topics.shadowTopic(THING, INSTANCE, "get"),
      shadowDelta: topics.shadowTopic(THING, INSTANCE, "update/delta"),
    }).toEqual(given);
  });

  test("are read back to what they were built from", () => {
    expect(topics.readTopic(given["frame"]!)).toEqual({ kind: "frame", thing: THING });
    expect(topics.readTopic(given["ack"]!)).toEqual({ kind: "ack", thing: THING });
    expect(topics.readTopic(given["heartbeat"]!)).toEqual({ kind: "heartbeat", thing: THING });
    expect(topics.readTopic(given["partRequest"]!)).toEqual({ kind: "partRequest", thing: THING });
    expect(topics.readTopic(given["part"]!)).toEqual({
      kind: "part",
      thing: THING,
      instance: INSTANCE,
      version: 3,
      part: 0,
    });
  });

  test("keep to seven slashes and 256 bytes, whatever the names", () => {
    const longest = [
      topics.partTopic("t".repeat(128), "i".repeat(32), 999_999_999_999_999, 63),
      topics.shadowTopic("t".repeat(128), "i".repeat(32), "update/accepted").replace("$aws/things/", ""),
    ];
    for (const topic of longest) {
      expect(topic.split("/").length - 1).toBeLessThanOrEqual(7);
      expect(topic.length).toBeLessThanOrEqual(256);
    }
  });

  test.each(["a/b", "+", "#", "", "a b", "ü", "t".repeat(129), "$aws", "a\nb"])(
    "cannot be built with the name %j",
    (name) => {
      expect(refusal(() => topics.frameTopic(name)).code).toBe("BAD_NAME");
      expect(topics.isThingName(name)).toBe(false);
      expect(refusal(() => topics.shadowName(name)).code).toBe("BAD_NAME");
    },
  );

  test("a thing may have a colon, an instance may not: it stands in a shadow's name", () => {
    expect(topics.isThingName("a:b")).toBe(true);
    expect(topics.isInstanceName("a:b")).toBe(false);
  });

  test.each([
    "plumbline/v2/gateway-7/frame",
    "other/v1/gateway-7/frame",
    "plumbline/v1/gateway-7/frame/more",
    "plumbline/v1/gateway-7",
    "plumbline/v1//frame",
    "plumbline/v1/gateway-7/parameters/line-1/3",
    "plumbline/v1/gateway-7/parameters/line-1/three/0",
    "plumbline/v1/gateway-7/parameters/line-1/3/100",
    "plumbline/v1/gateway-7/parameters/line-1/-3/0",
    "plumbline/v1/gateway-7/__proto__",
    "",
  ])("%j is not one of ours", (topic) => expect(topics.readTopic(topic)).toBeUndefined());
});

import { expect, test } from "vitest";
import { type EdgeEvent, hintOf } from "../../edge-agent/src/events.ts";
import { pinoLog } from "../../edge-agent/src/pino-log.ts";

const retryMs = 250;
const topic = "line/x/reading";
const BAD_INPUT: readonly [EdgeEvent, RegExp][] = [
  [
    { name: "source.lost", url: "mqtt://plant:1883", reason: "connect ECONNREFUSED", retryMs },
    /source\.mqttUrl/,
  ],
  [
    { name: "source.lost", url: "mqtt://plant:1883", reason: "Connection refused: Not authorized", retryMs },
    /source\.passwordFile/,
  ],
  [{ name: "uplink.lost", reason: "self-signed certificate in certificate chain", retryMs }, /uplink\.tls/],
  [{ name: "uplink.lost", reason: "connect ETIMEDOUT", retryMs }, /readings are kept/],
  [{ name: "source.rejected", topic, reason: "signal x is not declared by the twin" }, /declare/],
  [{ name: "source.rejected", topic, reason: "payload is not JSON" }, /outbox inspect/],
  [{ name: "uplink.ack-ignored", reason: "chain hash at sequence 4 differs", sequence: 4 }, /clone/],
  [{ name: "uplink.ack-ignored", reason: "it is for line-8", sequence: 4 }, /thing/],
  [{ name: "parameters.refused", version: 3, reason: "signature: it does not match key k" }, /apply\.keys/],
  [{ name: "parameters.refused", version: 3, reason: "key: key k is not pinned" }, /apply\.keys/],
  [{ name: "parameters.refused", version: 3, reason: "bounds: b3 = 7 is outside [0, 0.5]" }, /recalibration/],
  [{ name: "outbox.disk-full", reason: "SQLITE_FULL database or disk is full", retryMs }, /room/],
  [{ name: "parameters.held", version: 3, reason: "the clock is not set" }, /clock/],
];

test.each(BAD_INPUT)("$name says what to do: $reason", (event, hint) => {
  expect(hintOf(event)).toMatch(hint);
});

test("an event that asks for nothing has no hint", () => {
  expect(hintOf({ name: "agent.stopped", tookMs: 3 })).toBeUndefined();
});

test("the hint is printed in the log line, and an event's own hint stays", () => {
  const lines: Record<string, unknown>[] = [];
  const tell = pinoLog("line-7", "debug", { write: (line) => void lines.push(JSON.parse(line)) });
  for (const [event] of BAD_INPUT) tell(event);
  tell({ name: "agent.fault", code: "X", message: "m", hint: "its own" });
  expect(lines.map(({ hint }) => hint)).toEqual([...BAD_INPUT.map(([event]) => hintOf(event)), "its own"]);
  expect(lines.every(({ event, thing }) => typeof event === "string" && thing === "line-7")).toBe(true);
});

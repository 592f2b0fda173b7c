import { expect, test } from "vitest";
import { type DeskState, NO_MEMORY, ParameterDesk } from "../../../edge-agent/src/apply/desk.ts";
import { machine } from "../support/agents.ts";
import { publishable } from "../support/sets.ts";

const refusal = (version: number, pointer: string): Parameters<ParameterDesk["refuse"]>[0] => ({
  kind: "refusal",
  record: { kind: "decision", at: 1_000, outcome: "refused", version, reason: "signature: no" },
  pointer,
});
const restarted = (desk: ParameterDesk): ParameterDesk =>
  new ParameterDesk(machine, {}, JSON.parse(JSON.stringify(desk.state())) as DeskState);

test("a refused pointer is known again after a restart, and stands in the way of no other", () => {
  const desk = new ParameterDesk(machine);
  desk.refuse(refusal(50, "a".repeat(64)));
  const again = restarted(desk);
  expect(again.isJudged({ version: 50, digest: "a".repeat(64) })).toBe(true);
  expect(again.isJudged({ version: 50, digest: "b".repeat(64) })).toBe(false);
  expect(again.isJudged({ version: 2, digest: "b".repeat(64) })).toBe(false);
});

test("a version that was tried is judged, whatever its digest", () => {
  const desk = new ParameterDesk(machine);
  desk.begin(publishable(3), "k", 1_000);
  desk.revert(2_000, "worse");
  expect(desk.isJudged({ version: 3, digest: "c".repeat(64) })).toBe(true);
  expect(desk.isJudged({ version: 4, digest: "c".repeat(64) })).toBe(false);
});

test("a flood of refused pointers does not grow the memory without end", () => {
  const desk = new ParameterDesk(machine);
  for (let version = 1; version <= 500; version++) desk.refuse(refusal(version, String(version)));
  const { refused } = desk.state();
  expect(refused).toHaveLength(32);
  expect(refused.at(-1)).toBe("500");
});

test("the memory of an older agent, which kept a version, can be read", () => {
  const old = { ...NO_MEMORY, refused: 50, meanwhile: undefined } as unknown as DeskState;
  const desk = new ParameterDesk(machine, {}, old);
  expect(desk.isJudged({ version: 2, digest: "d".repeat(64) })).toBe(false);
  expect(desk.refusedMeanwhile).toBeNull();
});

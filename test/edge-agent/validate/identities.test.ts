import type { Reading } from "@plumbline/twin/contract/reading";
import { expect, test } from "vitest";
import { IDENTITY_HORIZON, Identities } from "../../../edge-agent/src/validate/identities.ts";

const reading = (at: number): Reading => ({ signal: "w1", at, value: 1, quality: "GOOD" });

test("exactly the last 8,192 readings are remembered, whatever came before", () => {
  const identities = new Identities();
  for (let at = 0; at < 3 * IDENTITY_HORIZON; at++) identities.add(reading(at));
  expect(identities.has(reading(2 * IDENTITY_HORIZON - 1))).toBe(false);
  expect(identities.conflicts(reading(2 * IDENTITY_HORIZON - 1))).toBe(false);
  expect(identities.has(reading(2 * IDENTITY_HORIZON))).toBe(true);
  expect(identities.has(reading(3 * IDENTITY_HORIZON - 1))).toBe(true);
});

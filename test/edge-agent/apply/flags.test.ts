import { expect, test } from "vitest";
import { scratch } from "../support/agents.ts";
import { until } from "../support/brokers.ts";
import { committed, nonceOf, scene, signer } from "../support/parameter-scene.ts";
import { publishable } from "../support/sets.ts";

test("a set that expires while nothing is committed is flagged at the next heartbeat, and stays in force", async () => {
  let ahead = 0;
  const expires = Date.now() + 86_400_000;
  const here = await committed({ wall: () => Date.now() + ahead }, { expires });
  expect(here.shadow.reported.expired).not.toBe(true);
  ahead = 2 * 86_400_000;
  here.pipeline.beat();
  here.pipeline.beat();
  await until(() => here.shadow.reported.expired === true);
  expect(here.shadow.reported.revoked).not.toBe(true);
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 1, expired: true });
  expect(here.events.filter(({ name }) => name === "parameters.expired")).toEqual([
    { name: "parameters.expired", version: 1, expires },
  ]);
});

test("a revoked key flags the set in force, which is not the same as expired, and new sets of it are refused", async () => {
  const folder = scratch();
  const before = await committed({ folder });
  await before.pipeline.stop();
  const here = await scene({ folder, revoked: [signer.kid] });
  await until(() => here.shadow.reported.revoked === true);
  expect(here.shadow.reported.expired).not.toBe(true);
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 1, expired: false });
  expect(here.events).toContainEqual({ name: "parameters.revoked", version: 1, kid: signer.kid });
  here.shadow.publish(publishable(2));
  await until(() => here.shadow.reports(2, "refused"));
  expect(here.shadow.reported.report?.reason).toMatch(/^revoked: /);
});

test("while the clock is not set a set is held, not refused, and goes on trial once the clock is set", async () => {
  let now = 0; // a board without a battery wakes up in 1970
  const here = await scene({ wall: () => now });
  const nonce = await nonceOf(here);
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.events.some(({ name }) => name === "parameters.held"));
  here.pipeline.beat();
  await until(() => here.pipeline.vitals(false).idle);
  expect(here.events.some(({ name }) => name === "parameters.refused")).toBe(false);
  expect(here.pipeline.vitals(false).apply).toMatchObject({ state: "idle", highest: null });
  now = Date.now();
  here.pipeline.beat();
  await until(() => here.shadow.reports(1, "trial"));
  expect(here.events.filter(({ name }) => name === "parameters.held")).toHaveLength(1);
});

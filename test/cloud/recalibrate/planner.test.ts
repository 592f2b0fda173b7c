import type { ShadowReported } from "@plumbline/twin/contract/parameter-set";
import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import {
  admitted,
  dueness,
  ended,
  outcomeOf,
  type Sighting,
  submitted,
} from "../../../cloud/src/recalibrate/planner.ts";
import { NO_PLAN, type Plan } from "../../../cloud/src/recalibrate/planner-state.ts";
import { beginEpoch, type IngestState } from "../../../cloud/src/store/ingest-state.ts";
import { emptyHead, type PosteriorHead } from "../../../cloud/src/store/posterior-head.ts";

const { policy } = webLine;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const T0 = Date.UTC(2026, 0, 1);

const state = (more: Partial<IngestState> = {}): IngestState => ({
  ...beginEpoch(undefined, {
    thing: "t",
    instance: "i",
    twin: { id: "web-line", version: "1.0.0" },
    epoch: "a",
  }),
  sequence: 9,
  lowest: T0,
  highest: T0 + DAY,
  ...more,
});
const head = (more: Partial<PosteriorHead> = {}): PosteriorHead => ({
  ...emptyHead("t", "i", webLine, "m"),
  ...more,
});
const ALARM = { chart: "b3", at: T0 + DAY, statistic: 9, set: 0, sequence: 9 };
const see = (more: Partial<Sighting>): Sighting => ({
  state: state(),
  head: undefined,
  reported: undefined,
  policy,
  plan: NO_PLAN,
  requested: undefined,
  ...more,
});
const reported = (
  version: number,
  outcome: "trial" | "committed" | "refused" | "reverted",
): ShadowReported => ({
  report: { version, state: outcome, reason: "", since: T0 },
});
const issued = (at: number) => head({ versions: [{ version: 4, issued: at, evidence: "e" }] });
const rested = (submittedAt: number, held = 0): Plan => ({ ...NO_PLAN, submitted: submittedAt, held });

describe("who is due, and why", () => {
  test.each<[string, Partial<Sighting>, number, object]>([
    [
      "a quiet machine before its schedule waits for it",
      {},
      T0 + DAY,
      { kind: "later", at: T0 + policy.schedule },
    ],
    ["a quiet machine is due by schedule", {}, T0 + policy.schedule, { kind: "due", reason: "schedule" }],
    [
      "the schedule counts from the last run",
      { plan: rested(T0 + 2 * DAY) },
      T0 + policy.schedule,
      { kind: "later", at: T0 + 2 * DAY + policy.schedule },
    ],
    [
      "a day after a change it is looked at again",
      { plan: { ...rested(T0), looks: 0 } },
      T0 + HOUR,
      { kind: "later", at: T0 + DAY },
    ],
    [
      "and then ever more rarely",
      { plan: { ...rested(T0), looks: 2 } },
      T0 + HOUR,
      { kind: "later", at: T0 + 4 * DAY },
    ],
    [
      "never more rarely than by schedule",
      { plan: { ...rested(T0), looks: 9 } },
      T0 + HOUR,
      { kind: "later", at: T0 + policy.schedule },
    ],
    [
      "a standing alarm is due at once",
      { state: state({ alarms: [ALARM] }) },
      T0 + DAY,
      { kind: "due", reason: "alarm" },
    ],
    [
      "an alarm against an earlier set is not",
      { state: state({ alarms: [ALARM], set: 2 }) },
      T0 + DAY,
      { kind: "later" },
    ],
    [
      "an alarm within the cool-down waits",
      { state: state({ alarms: [ALARM] }), plan: rested(T0 + DAY) },
      T0 + DAY + policy.coolDown - HOUR,
      { kind: "later", at: T0 + DAY + policy.coolDown },
    ],
    [
      "after two verdicts that held, four cool-downs",
      { state: state({ alarms: [ALARM] }), plan: rested(T0 + DAY, 2) },
      T0 + DAY + 4 * policy.coolDown - HOUR,
      { kind: "later", at: T0 + DAY + 4 * policy.coolDown },
    ],
    [
      "a cool-down never exceeds the schedule",
      { state: state({ alarms: [ALARM] }), plan: rested(T0, 40) },
      T0 + policy.schedule,
      { kind: "due", reason: "alarm" },
    ],
    [
      "a person need not wait for the cool-down",
      { requested: T0 + DAY, plan: rested(T0 + DAY - 1) },
      T0 + DAY,
      { kind: "due", reason: "manual" },
    ],
    [
      "a request that was answered is over",
      { requested: T0, plan: { ...rested(T0), answered: T0 } },
      T0 + DAY,
      { kind: "later" },
    ],
    [
      "nothing is due while a job is under way",
      { requested: T0, plan: submitted(NO_PLAN, { id: "j", reason: "alarm", runs: 0 }, T0) },
      T0 + 9 * DAY,
      { kind: "idle", why: "a job is under way" },
    ],
    [
      "nothing is due when nothing has come in",
      { requested: T0 + DAY, head: head({ judged: { epoch: "a", sequence: 9 } }) },
      T0 + 9 * DAY,
      { kind: "idle", why: "nothing new" },
    ],
    [
      "an estimate alone does not answer an alarm",
      { state: state({ alarms: [ALARM] }), head: head({ position: { epoch: "a", sequence: 9 } }) },
      T0 + DAY,
      { kind: "due", reason: "alarm" },
    ],
    [
      "nothing is due before the first reading",
      { state: state({ lowest: null, highest: null }) },
      T0 + 9 * DAY,
      { kind: "idle" },
    ],
    [
      "a set on trial is waited for",
      { requested: T0 + 8 * DAY, head: issued(T0 + 8 * DAY), reported: reported(4, "trial") },
      T0 + 9 * DAY,
      { kind: "later", why: "a set is on trial" },
    ],
    [
      "a set that the gateway has not taken up is waited for",
      { requested: T0 + 8 * DAY, head: issued(T0 + 8 * DAY), reported: reported(3, "committed") },
      T0 + 9 * DAY,
      { kind: "later", at: T0 + 8 * DAY + 2 * policy.trialLimit },
    ],
    [
      "but not for ever",
      { requested: T0 + 8 * DAY, head: issued(T0 + 8 * DAY), reported: reported(4, "trial") },
      T0 + 8 * DAY + 2 * policy.trialLimit,
      { kind: "due", reason: "manual" },
    ],
    [
      "a set that was decided on is not waited for",
      { requested: T0 + 8 * DAY, head: issued(T0 + 8 * DAY), reported: reported(4, "reverted") },
      T0 + 9 * DAY,
      { kind: "due", reason: "manual" },
    ],
    [
      "after a failed job there is a pause",
      { requested: T0, plan: { ...NO_PLAN, notBefore: T0 + 2 * HOUR } },
      T0 + HOUR,
      { kind: "later", at: T0 + 2 * HOUR },
    ],
  ])("%s", (_name, sighting, now, expected) => {
    expect(dueness(see(sighting), now)).toMatchObject(expected);
  });
});

describe("what a job came to", () => {
  const job = { id: "j", reason: "alarm", runs: 2 } as const;
  const judged = (run: number) => ({
    runs: { run, accepted: 0, rejected: 0, waited: 0 },
    last: { kind: "wait", reason: "", evidence: "e", at: 1, decided: 1 } as const,
  });
  test.each([
    ["running", undefined, undefined],
    ["waiting", judged(3), undefined],
    ["succeeded", judged(3), { kind: "verdict", verdict: "wait" }],
    ["succeeded", judged(2), { kind: "nothing" }],
    ["failed", judged(2), { kind: "failed" }],
    ["failed", judged(3), { kind: "verdict", verdict: "wait" }],
    ["unknown", undefined, { kind: "failed" }],
  ] as const)("%s with posterior %o: %o", (queue, posterior, expected) => {
    expect(outcomeOf(job, queue, posterior)).toEqual(expected);
  });

  test("verdicts that hold double the cool-down, an acceptance resets it, failures pause longer each time", () => {
    const at = submitted(NO_PLAN, job, T0);
    const held = ended(
      submitted(ended(at, { kind: "verdict", verdict: "wait" }, policy, T0), job, T0),
      { kind: "verdict", verdict: "reject" },
      policy,
      T0,
    );
    expect(held).toMatchObject({ held: 2, job: null });
    expect(ended(submitted(held, job, T0), { kind: "verdict", verdict: "accept" }, policy, T0)).toMatchObject(
      { held: 0, last: "accept", looks: 0 },
    );
    const looked = submitted(NO_PLAN, { ...job, reason: "schedule" }, T0);
    expect(ended(looked, { kind: "verdict", verdict: "wait" }, policy, T0)).toMatchObject({
      held: 0,
      looks: null,
    });
    const once = ended(at, { kind: "failed" }, policy, T0);
    const twice = ended(submitted(once, job, T0), { kind: "failed" }, policy, T0);
    expect([once.notBefore - T0, twice.notBefore - T0]).toEqual([policy.coolDown / 10, policy.coolDown / 5]);
    expect(ended(submitted(twice, job, T0), { kind: "nothing" }, policy, T0)).toMatchObject({
      failures: 0,
      notBefore: 0,
      held: 0,
    });
  });
});

test("under the fleet's cap people go first, then alarms, then the schedule, the longest waiting before the others", () => {
  const due = [
    { thing: "a", reason: "schedule", since: 1 },
    { thing: "b", reason: "alarm", since: 9 },
    { thing: "c", reason: "alarm", since: 5 },
    { thing: "d", reason: "manual", since: 99 },
  ] as const;
  expect(admitted(due, 1, 4).map(({ thing }) => thing)).toEqual(["d", "c", "b"]);
  expect(admitted(due, 4, 4)).toEqual([]);
});

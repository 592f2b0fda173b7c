import type { ShadowReported } from "@plumbline/twin/contract/parameter-set";
import type { CalibrationPolicy } from "@plumbline/twin/definition/twin-definition";
import type { JobState } from "../aws/batch-jobs.ts";
import { type IngestState, openAlarms } from "../store/ingest-state.ts";
import type { PosteriorHead, VerdictKind } from "../store/posterior-head.ts";
import type { DueReason, Plan } from "./planner-state.ts";

/** A machine as the planner sees it; all times are scenario times, ms since the Unix epoch. */
export interface Sighting {
  readonly state: IngestState;
  readonly head: PosteriorHead | undefined;
  readonly reported: ShadowReported | undefined;
  readonly policy: CalibrationPolicy;
  readonly plan: Plan;
  /** Newest request of a person. */
  readonly requested: number | undefined;
}

export type Judgement =
  | {
      readonly kind: "due";
      readonly reason: DueReason /** What it is due since: the longest waiting go first. */;
      readonly since: number;
    }
  | { readonly kind: "later"; readonly at: number; readonly why: string }
  | { readonly kind: "idle"; readonly why: string };

const MILLIS_PER_DAY = 86_400_000;

/**
 * Time until the next look without an alarm: the policy's schedule; but after a change a day, then ever more rarely. Charts
 * that began anew with a set cannot see that the set was early or late; another look does.
 */
const pause = ({ schedule }: CalibrationPolicy, { looks }: Plan): number =>
  looks === null ? schedule : Math.min(MILLIS_PER_DAY * 2 ** looks, schedule);

/** A cool-down never grows beyond the schedule: that would come first anyway. */
const coolDown = ({ coolDown: base, schedule }: CalibrationPolicy, held: number): number =>
  Math.min(base * 2 ** held, schedule);

/**
 * Whether a machine is due, and why: a person asked, an alarm stands that the frames show, or the schedule has passed.
 * Nothing is due while a job or a trial is under way, nor when nothing has come in since the last verdict.
 */
export function dueness(sighting: Sighting, now: number): Judgement {
  const { state, plan, policy, head } = sighting;
  if (plan.job) return { kind: "idle", why: "a job is under way" };
  if (state.lowest === null) return { kind: "idle", why: "no readings yet" };
  if (head?.judged?.epoch === state.epoch && head.judged.sequence === state.sequence)
    return { kind: "idle", why: "nothing new" };
  const trial = trialPending(sighting, now);
  if (trial !== undefined) return { kind: "later", at: trial, why: "a set is on trial" };
  const reason = reasonOf(sighting, now);
  if (now < plan.notBefore) return { kind: "later", at: plan.notBefore, why: "the last job failed" };
  if (reason.kind !== "due" || reason.reason === "manual") return reason;
  const rested = (plan.submitted ?? Number.NEGATIVE_INFINITY) + coolDown(policy, plan.held);
  return now < rested ? { kind: "later", at: rested, why: "cooling down" } : reason;
}

function reasonOf({ state, plan, policy, requested }: Sighting, now: number): Judgement {
  if (requested !== undefined && requested > plan.answered)
    return { kind: "due", reason: "manual", since: requested };
  const [alarm] = openAlarms(state);
  if (alarm) return { kind: "due", reason: "alarm", since: alarm.at };
  const scheduled = (plan.submitted ?? state.lowest ?? now) + pause(policy, plan);
  if (now >= scheduled) return { kind: "due", reason: "schedule", since: scheduled };
  return { kind: "later", at: scheduled, why: "scheduled" };
}

/** Until when a published set is waited for; undefined: there is none, or its time is over. */
function trialPending({ head, reported, policy }: Sighting, now: number): number | undefined {
  const [newest] = head?.versions ?? [];
  if (!newest) return undefined;
  const limit = newest.issued + 2 * policy.trialLimit;
  const report = reported?.report;
  const answered = report !== undefined && report.version >= newest.version && report.state !== "trial";
  return answered || now >= limit ? undefined : limit;
}

/** Back-off after a failed job, scenario ms: doubling from the cool-down's tenth, at most the cool-down. */
const backOff = (policy: CalibrationPolicy, failures: number): number =>
  Math.min((policy.coolDown / 10) * 2 ** (failures - 1), policy.coolDown);

export const submitted = (plan: Plan, job: NonNullable<Plan["job"]>, now: number): Plan => ({
  ...plan,
  submitted: now,
  job,
});

export type JobOutcome =
  | { readonly kind: "verdict"; readonly verdict: VerdictKind }
  | { readonly kind: "nothing" }
  | { readonly kind: "failed" };

/** What a job came to, by its state in the queue and by what the posterior says; undefined: it is still at work. */
export function outcomeOf(
  job: NonNullable<Plan["job"]>,
  state: JobState,
  head: Pick<PosteriorHead, "runs" | "last"> | undefined,
): JobOutcome | undefined {
  if (state === "waiting" || state === "running") return undefined;
  // The posterior is believed before the queue: a job may die after its work was done, and queues forget.
  if (head?.last && head.runs.run > job.runs) return { kind: "verdict", verdict: head.last.kind };
  return state === "succeeded" ? { kind: "nothing" } : { kind: "failed" };
}

/** The plan once its job has ended: with a verdict, with nothing to do, or not at all. */
export function ended(plan: Plan, outcome: JobOutcome, policy: CalibrationPolicy, now: number): Plan {
  const answered =
    plan.job?.reason === "manual" ? Math.max(plan.answered, plan.submitted ?? 0) : plan.answered;
  const rested: Plan = { ...plan, job: null, failures: 0, notBefore: 0, answered };
  switch (outcome.kind) {
    case "verdict":
      return { ...rested, last: outcome.verdict, ...patience(plan, outcome.verdict) };
    case "nothing":
      return rested;
    case "failed":
      return {
        ...plan,
        job: null,
        failures: plan.failures + 1,
        notBefore: now + backOff(policy, plan.failures + 1),
      };
    default:
      return outcome satisfies never;
  }
}

/** A scheduled look that found nothing says nothing of the alarm that comes next: it does not slow the answer to it. */
function patience({ job, held, looks }: Plan, verdict: VerdictKind): Pick<Plan, "held" | "looks"> {
  if (verdict === "accept") return { held: 0, looks: 0 };
  return {
    held: job?.reason === "schedule" ? held : held + 1,
    looks: looks === null ? null : looks + 1,
  };
}

export interface Candidate {
  readonly thing: string;
  readonly reason: DueReason;
  readonly since: number;
}
const RANK = { manual: 0, alarm: 1, schedule: 2 } as const satisfies Record<DueReason, number>;

/** Under the fleet's cap: people first, then alarms, then the schedule; who has waited longest first. */
export const admitted = (due: readonly Candidate[], running: number, cap: number): readonly Candidate[] =>
  [...due]
    .sort(
      (left, right) =>
        RANK[left.reason] - RANK[right.reason] ||
        left.since - right.since ||
        (left.thing < right.thing ? -1 : 1),
    )
    .slice(0, Math.max(0, cap - running));

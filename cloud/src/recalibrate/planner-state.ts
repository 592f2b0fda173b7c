import type { VerdictKind } from "../store/posterior-head.ts";

export type DueReason = "manual" | "alarm" | "schedule";

/** What the planner remembers of a machine. */
export interface Plan {
  /** Scenario time of the last submission. */
  readonly submitted: number | null;
  /** Set while a job may still be at work (`<id>:<index>`: a child of an array job); `runs`: verdicts reached before it. */
  readonly job: { readonly id: string; readonly reason: DueReason; readonly runs: number } | null;
  /** Answers to alarms, or to a person, in a row that left the incumbent in force: each doubles the cool-down. */
  readonly held: number;
  /** Looks since the last acceptance that changed nothing; null: nothing was ever accepted. Each doubles the pause. */
  readonly looks: number | null;
  /** Jobs in a row that did not end well, and the scenario time before which none is tried again. */
  readonly failures: number;
  readonly notBefore: number;
  /** Time of the newest manual request that a job has answered. */
  readonly answered: number;
  readonly last: VerdictKind | null;
}
export interface PlannerState {
  readonly plans: Readonly<Record<string, Plan>>;
}

export const NO_PLAN: Plan = {
  submitted: null,
  job: null,
  held: 0,
  looks: null,
  failures: 0,
  notBefore: 0,
  answered: 0,
  last: null,
};

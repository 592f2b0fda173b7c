import { type AttemptEnd, retries } from "./evaluate-on-exit.ts";
import type { RetryStrategy } from "./job-spec.ts";

/** The states of an AWS Batch job, in their order. */
export const JOB_STATES = [
  "SUBMITTED",
  "PENDING",
  "RUNNABLE",
  "STARTING",
  "RUNNING",
  "SUCCEEDED",
  "FAILED",
] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Why an attempt ended: by itself, by its time-out, by TerminateJob, or because the host went. */
export type EndCause = "exited" | "timed-out" | "terminated" | "host-lost" | "not-started";

export interface Attempt extends AttemptEnd {
  readonly cause: EndCause;
  /** Wall clock, ms. */
  readonly startedAt: number;
  readonly stoppedAt: number;
}

export const isFinal = (state: JobState): boolean => state === "SUCCEEDED" || state === "FAILED";

/** CancelJob acts before a job starts; on one that is starting or running it does nothing. */
export const isCancellable = (state: JobState): boolean =>
  state === "SUBMITTED" || state === "PENDING" || state === "RUNNABLE";

/** Where a job goes when an attempt ends. Time-outs and terminations are never retried. */
export function afterAttempt(attempt: Attempt, made: number, strategy: RetryStrategy): JobState {
  if (attempt.cause === "exited" && attempt.exitCode === 0) return "SUCCEEDED";
  if (attempt.cause === "timed-out" || attempt.cause === "terminated") return "FAILED";
  return retries(strategy, made, attempt) ? "RUNNABLE" : "FAILED";
}

/** The words AWS uses for how an attempt ended. */
export function statusReasonOf(cause: EndCause, given: string | undefined): string {
  switch (cause) {
    case "exited":
      return "Essential container in task exited";
    case "timed-out":
      return "Job attempt duration exceeded timeout";
    case "terminated":
      return given ?? "Job terminated";
    case "host-lost":
      return "Host EC2 (instance i-0b0c0b0c0b0c0b0c0) terminated.";
    case "not-started":
      return "Task failed to start";
  }
}

/** State of an array job from those of its children: PENDING until all have ended, FAILED if one has. */
export function arrayState(summary: Readonly<Partial<Record<JobState, number>>>, size: number): JobState {
  const failed = summary.FAILED ?? 0;
  if (failed + (summary.SUCCEEDED ?? 0) < size) return "PENDING";
  return failed > 0 ? "FAILED" : "SUCCEEDED";
}

import { join } from "node:path";
import type { Store } from "../sqlite-store.ts";
import { type JobExit, type JobProcess, startJob } from "./job-process.ts";
import {
  type Attempt,
  afterAttempt,
  arrayState,
  type EndCause,
  isCancellable,
  isFinal,
  type JobState,
  statusReasonOf,
} from "./job-state.ts";
import type { Job, JobTable } from "./sqlite-jobs.ts";

export interface Queue {
  readonly name: string;
  /** Jobs that run at once. */
  readonly concurrency: number;
}

export interface RunnerSettings {
  readonly store: Store;
  readonly jobs: JobTable;
  readonly queues: readonly Queue[];
  readonly images: Readonly<Record<string, readonly string[]>>;
  /** What every job sees, before its own variables: endpoints, credentials. */
  readonly environment: () => Readonly<Record<string, string>>;
  readonly logDirectory: string;
  readonly guardProgram: string;
  readonly wall: () => number;
  /** Wall time of one second of a job's time-out, ms: 1,000, except in tests. */
  readonly secondMs: number;
  /** Between SIGTERM and SIGKILL, ms. */
  readonly graceMs: number;
  readonly told: (job: Job) => void;
}

interface Running {
  readonly process: JobProcess;
  /** Why it is being stopped. */
  cause: EndCause;
}

/**
 * Runs the jobs of all queues, each job in a child process. The store is the truth: a job is RUNNING there before its
 * process exists, so that after a kill of the box every attempt that may have begun counts as one.
 */
export class QueueRunner {
  private readonly settings: RunnerSettings;
  private readonly running = new Map<string, Running>();
  private closed = false;
  private woken = false;

  constructor(settings: RunnerSettings) {
    this.settings = settings;
  }

  /** Ends the attempts that a killed box has left behind, and goes on. */
  recover(): void {
    for (const job of this.settings.jobs.inState("STARTING", "RUNNING"))
      if (job.arraySize === null) this.end(job, "host-lost", {});
    this.wake();
  }

  /** Looks, a moment later, for jobs that may move on. */
  wake(): void {
    if (this.closed || this.woken) return;
    this.woken = true;
    setImmediate(() => {
      this.woken = false;
      if (this.closed) return;
      this.promote();
      for (const queue of this.settings.queues) this.fill(queue);
    });
  }

  /** Stops a job that runs; a job that does not run fails at once. An array job stops with all its children. */
  terminate(job: Job, reason: string): void {
    if (isFinal(job.status)) return;
    const marked = this.settings.jobs.change(job, { stopKind: "terminate", stopReason: reason });
    if (job.arraySize !== null) this.stopChildren(marked, "terminate", reason);
    else if (this.running.has(job.id)) this.stop(job.id, "terminated");
    else this.settle(marked, "FAILED", reason);
  }

  /** Before a job starts, as terminate; afterwards it does nothing. */
  cancel(job: Job, reason: string): void {
    if (!isCancellable(job.status)) return;
    const marked = this.settings.jobs.change(job, { stopKind: "cancel", stopReason: reason });
    if (job.arraySize !== null) this.stopChildren(marked, "cancel", reason);
    else this.settle(marked, "FAILED", reason);
  }

  /** Kills what runs; their attempts count as lost with the host when the box starts again. */
  async close(): Promise<void> {
    this.closed = true;
    const processes = [...this.running.values()].map(({ process }) => process);
    for (const process of processes) process.stop(0);
    await Promise.all(processes.map(({ ended }) => ended));
  }

  private stopChildren(parent: Job, stopKind: "terminate" | "cancel", stopReason: string): void {
    const { jobs, store, wall } = this.settings;
    store.transaction(() => {
      for (const child of jobs.children(parent.id)) {
        if (isFinal(child.status)) continue;
        const waits = isCancellable(child.status);
        if (waits)
          jobs.change(child, {
            stopKind,
            stopReason,
            status: "FAILED",
            statusReason: stopReason,
            stoppedAt: wall(),
          });
        else if (stopKind === "terminate") this.terminate(child, stopReason);
      }
      this.follow(parent.id);
    })();
  }

  private promote(): void {
    const { jobs, store } = this.settings;
    store.transaction(() => {
      for (const job of jobs.inState("SUBMITTED", "PENDING")) this.promoteOne(job);
    })();
  }

  private promoteOne(job: Job): void {
    if (job.status === "PENDING" && job.arraySize !== null && job.spec.dependsOn.length === 0) return;
    const outcome = this.settings.jobs.outcome(job.spec.dependsOn);
    if (outcome === "failed") this.settle(job, "FAILED", "Dependent Job failed");
    else if (outcome === "succeeded" && job.arraySize === null) this.move(job, "RUNNABLE");
    // An array job waits for its children, any other for what it depends on.
    else if (job.status === "SUBMITTED") this.move(job, "PENDING");
  }

  private fill({ name, concurrency }: Queue): void {
    while (
      [...this.running.keys()].filter((id) => this.settings.jobs.find(id)?.queue === name).length <
      concurrency
    ) {
      const job = this.settings.jobs.nextRunnable(name);
      if (job === undefined) return;
      this.start(job);
    }
  }

  private start(job: Job): void {
    const { jobs, images, wall } = this.settings;
    const image = Object.hasOwn(images, job.spec.image) ? images[job.spec.image] : undefined;
    const starting = jobs.change(job, { status: "STARTING", startedAt: wall() });
    if (image === undefined) {
      this.end(starting, "not-started", {
        reason: `CannotPullContainerError: the box has no image ${job.spec.image}`,
      });
      return;
    }
    const started = this.move(starting, "RUNNING");
    const process = startJob(this.settings.guardProgram, {
      argv: [...image, ...job.spec.command],
      environment: this.environmentOf(job),
      logPath: join(this.settings.logDirectory, `${job.id}.log`),
    });
    const entry: Running = { process, cause: "exited" };
    this.running.set(job.id, entry);
    const timer = this.watch(started);
    void process.ended.then((exit) => {
      clearTimeout(timer);
      this.running.delete(job.id);
      if (!this.closed) this.end(jobs.find(job.id) ?? started, causeOf(entry, exit), exit);
    });
  }

  private watch({ id, spec }: Job): NodeJS.Timeout | undefined {
    if (spec.timeoutSeconds === undefined) return undefined;
    return setTimeout(() => this.stop(id, "timed-out"), spec.timeoutSeconds * this.settings.secondMs);
  }

  private stop(id: string, cause: EndCause): void {
    const entry = this.running.get(id);
    if (entry === undefined) return;
    entry.cause = cause;
    entry.process.stop(this.settings.graceMs);
  }

  private end(job: Job, cause: EndCause, exit: JobExit): void {
    const { jobs, wall } = this.settings;
    const stoppedAt = wall();
    const statusReason = statusReasonOf(cause, job.stopReason ?? undefined);
    const attempt: Attempt = {
      ...exit,
      cause,
      statusReason,
      startedAt: job.startedAt ?? stoppedAt,
      stoppedAt,
    };
    const attempts = [...job.attempts, attempt];
    // A job that was to be terminated when the host went is not tried again either.
    const wanted =
      job.stopKind === "terminate"
        ? "FAILED"
        : afterAttempt(attempt, attempts.length, job.spec.retryStrategy);
    const ended = jobs.change(job, { attempts });
    if (wanted === "RUNNABLE") this.move(ended, wanted, statusReason);
    else this.settle(ended, wanted, statusReason);
    this.wake();
  }

  private move(job: Job, status: JobState, statusReason: string | null = job.statusReason): Job {
    const moved = this.settings.jobs.change(job, { status, statusReason });
    this.settings.told(moved);
    return moved;
  }

  /** A final state; the parent of an array's child follows. */
  private settle(job: Job, status: JobState, statusReason: string): void {
    this.settings.store.transaction(() => {
      const settled = this.settings.jobs.change(job, {
        status,
        statusReason,
        stoppedAt: this.settings.wall(),
      });
      this.settings.told(settled);
      if (job.parentId !== null) this.follow(job.parentId);
    })();
    this.wake();
  }

  private follow(parentId: string): void {
    const { jobs, wall } = this.settings;
    const parent = jobs.find(parentId);
    if (parent === undefined || isFinal(parent.status)) return;
    const status = arrayState(jobs.childStates(parentId), parent.arraySize ?? 0);
    if (!isFinal(status)) return;
    const statusReason = status === "FAILED" ? (parent.stopReason ?? "Array Child Job failed") : null;
    this.settings.told(jobs.change(parent, { status, statusReason, stoppedAt: wall() }));
  }

  private environmentOf(job: Job): Record<string, string> {
    const own = job.spec.environment.map(({ name = "", value = "" }) => [name, value] as const);
    const array = job.arrayIndex === null ? {} : { AWS_BATCH_JOB_ARRAY_INDEX: String(job.arrayIndex) };
    return {
      ...this.settings.environment(),
      ...Object.fromEntries(own),
      AWS_BATCH_JOB_ID: job.id,
      AWS_BATCH_JOB_ATTEMPT: String(job.attempts.length + 1),
      AWS_BATCH_JQ_NAME: job.queue,
      AWS_BATCH_CE_NAME: "cloud-in-a-box",
      ...array,
    };
  }
}

const causeOf = ({ cause }: Running, { exitCode }: JobExit): EndCause =>
  cause === "exited" && exitCode === undefined ? "not-started" : cause;

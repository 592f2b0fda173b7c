import { TwinError } from "@plumbline/twin/errors";
import { Backoff, type Dice } from "../backoff.ts";
import type { EdgeEvent } from "../events.ts";
import type { Batch, OutboxStatus, Rejected, Step } from "./outbox.ts";

export interface Work<Mark> {
  readonly steps?: readonly Step[];
  readonly rejected?: Rejected;
  readonly lost?: { readonly signal: string; readonly at: number };
  /** Called once everything up to and including this work is on disk. */
  readonly onDisk?: () => void;
  /** What the agent's numbers were after this work. */
  readonly mark: Mark;
}
export interface CommitListener<Mark> {
  /** `mark`: of the newest work that is now on disk. `latencyMs`: of its oldest work. */
  committed(status: OutboxStatus, mark: Mark, latencyMs: number): void;
  /** The file is damaged or its thread is gone: nothing more is committed by this object. */
  failed(error: TwinError): void;
}
export interface CommitOptions {
  readonly commitMillis: number;
  readonly commitReadings: number;
  readonly longestBackoff: number;
  readonly dice: Dice;
}

/**
 * Groups work into commits: by count, or by the time that the oldest work has waited. Holds:
 *  - work is committed in the order in which it was added, one commit at a time;
 *  - `onDisk` is called only after the commit; on a full disk nothing is called, and the same batch is tried again.
 */
export class GroupCommit<Mark> {
  readonly #append: (batch: Batch) => Promise<OutboxStatus>;
  readonly #options: CommitOptions;
  readonly #listener: CommitListener<Mark>;
  readonly #tell: (event: EdgeEvent) => void;
  readonly #backoff: Backoff;
  #pending: { work: Work<Mark>; since: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #retry: (() => void) | undefined;
  #writing = false;
  #stopped = false;
  #troubleSince: number | undefined;
  #settled: (() => void)[] = [];

  constructor(
    append: (batch: Batch) => Promise<OutboxStatus>,
    options: CommitOptions,
    listener: CommitListener<Mark>,
    tell: (event: EdgeEvent) => void,
  ) {
    this.#append = append;
    this.#options = options;
    this.#listener = listener;
    this.#tell = tell;
    this.#backoff = new Backoff(200, options.longestBackoff, options.dice);
  }

  get isIdle(): boolean {
    return !this.#writing && this.#pending.length === 0;
  }
  /** The disk refuses: nothing is being acknowledged. */
  get isStuck(): boolean {
    return this.#troubleSince !== undefined;
  }

  add(work: Work<Mark>): void {
    if (this.#stopped) return;
    this.#pending.push({ work, since: performance.now() });
    if (this.#writing) return;
    if (this.#pending.length >= this.#options.commitReadings) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#options.commitMillis);
  }

  /** Commits what waits now, and resolves when everything is on disk (or this object has stopped). */
  settle(): Promise<void> {
    if (this.isIdle || this.#stopped) return Promise.resolve();
    const settled = new Promise<void>((resolve) => this.#settled.push(resolve));
    if (!this.#writing) this.#flush();
    return settled;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing || this.#pending.length === 0 || this.#stopped) return;
    const taken = this.#pending;
    this.#pending = [];
    this.#writing = true;
    void this.#commit(taken);
  }

  async #commit(taken: { work: Work<Mark>; since: number }[]): Promise<void> {
    const batch: Batch = {
      steps: taken.flatMap(({ work }) => work.steps ?? []),
      rejected: taken.flatMap(({ work }) => work.rejected ?? []),
      lost: taken.flatMap(({ work }) => work.lost ?? []),
    };
    const status = await this.#persist(batch);
    this.#writing = false;
    const [oldest] = taken;
    const newest = taken.at(-1);
    if (status && oldest && newest) {
      // Numbers first: whoever sees an acknowledgement must find it counted.
      this.#listener.committed(status, newest.work.mark, performance.now() - oldest.since);
      for (const { work } of taken) work.onDisk?.();
    }
    this.#goOn();
  }

  /** Tries until the batch is on disk; `undefined` when it never will be. */
  async #persist(batch: Batch): Promise<OutboxStatus | undefined> {
    while (!this.#stopped) {
      try {
        const status = await this.#append(batch);
        this.#recovered();
        return status;
      } catch (error) {
        if (!(error instanceof TwinError) || error.retry !== "later") {
          this.stop();
          this.#listener.failed(
            error instanceof TwinError
              ? error
              : new TwinError("OUTBOX_FAULT", String(error), "restart the agent"),
          );
          return undefined;
        }
        this.#troubleSince ??= performance.now();
        const retryMs = Math.max(this.#backoff.next(), 20);
        this.#tell({ name: "outbox.disk-full", reason: error.message, retryMs });
        await new Promise<void>((resolve) => {
          this.#retry = resolve;
          setTimeout(resolve, retryMs);
        });
      }
    }
    return undefined;
  }

  #recovered(): void {
    if (this.#troubleSince === undefined) return;
    this.#tell({
      name: "outbox.disk-recovered",
      outageMs: Math.round(performance.now() - this.#troubleSince),
    });
    this.#troubleSince = undefined;
    this.#backoff.reset();
  }

  #goOn(): void {
    if (this.isIdle || this.#stopped) {
      for (const resolve of this.#settled.splice(0)) resolve();
      return;
    }
    const waited = performance.now() - (this.#pending[0]?.since ?? 0);
    const due =
      this.#settled.length > 0 ||
      this.#pending.length >= this.#options.commitReadings ||
      waited >= this.#options.commitMillis;
    if (due) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#options.commitMillis - waited);
  }

  /** Nothing more is committed; what waits was never acknowledged and comes again. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#retry?.();
    this.#pending = [];
    for (const resolve of this.#settled.splice(0)) resolve();
  }
}

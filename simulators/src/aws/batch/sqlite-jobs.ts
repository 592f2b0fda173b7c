import type { Statement, Store } from "../sqlite-store.ts";
import type { JobSpec } from "./job-spec.ts";
import { type Attempt, isFinal, type JobState } from "./job-state.ts";

export interface Job {
  readonly seq: number;
  readonly id: string;
  /** Of a child of an array job. */
  readonly parentId: string | null;
  readonly arrayIndex: number | null;
  /** Of an array job itself: it never runs, its children do. */
  readonly arraySize: number | null;
  readonly name: string;
  readonly queue: string;
  readonly definitionArn: string;
  readonly spec: JobSpec;
  readonly status: JobState;
  readonly statusReason: string | null;
  readonly attempts: readonly Attempt[];
  /** What TerminateJob or CancelJob asked for. */
  readonly stopKind: "terminate" | "cancel" | null;
  readonly stopReason: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly stoppedAt: number | null;
}

export type NewJob = Pick<
  Job,
  "id" | "parentId" | "arrayIndex" | "arraySize" | "name" | "queue" | "definitionArn" | "status" | "createdAt"
> & {
  /** `undefined` for a child: it has its parent's. */
  readonly spec: JobSpec | undefined;
};

export type Change = Partial<
  Pick<Job, "status" | "statusReason" | "attempts" | "stopKind" | "stopReason" | "startedAt" | "stoppedAt">
>;

type Row = Omit<Job, "spec" | "attempts"> & { readonly spec: string; readonly attempts: string };

/** Children are stored without a spec of their own: ten thousand copies would be kept for nothing. */
const SPEC =
  "COALESCE(NULLIF(spec, ''), (SELECT parent.spec FROM job AS parent WHERE parent.id = job.parent_id))";
const COLUMNS = `seq, id, parent_id AS parentId, array_index AS arrayIndex, array_size AS arraySize, name, queue,
  definition_arn AS definitionArn, ${SPEC} AS spec, status, status_reason AS statusReason, attempts,
  stop_kind AS stopKind, stop_reason AS stopReason, created_at AS createdAt, started_at AS startedAt, stopped_at AS stoppedAt FROM job`;

const jobOf = ({ spec, attempts, ...row }: Row): Job => ({
  ...row,
  spec: JSON.parse(spec) as JobSpec,
  attempts: JSON.parse(attempts) as Attempt[],
});

export class JobTable {
  private readonly one: Statement<[string], Row>;
  private readonly insert: Statement<[Record<string, unknown>], unknown>;
  private readonly update: Statement<[Record<string, unknown>], unknown>;
  private readonly nextRow: Statement<[string], Row>;
  private readonly inStates: Statement<[string], Row>;
  private readonly page: Statement<[Record<string, unknown>], Row>;
  private readonly childrenRows: Statement<[string], Row>;
  private readonly summary: Statement<[string], { status: JobState; n: number }>;

  constructor(store: Store) {
    this.one = store.prepare(`SELECT ${COLUMNS} WHERE id = ?`);
    this.insert = store.prepare(
      `INSERT INTO job (id, parent_id, array_index, array_size, name, queue, definition_arn, spec, status, created_at)
       VALUES (@id, @parentId, @arrayIndex, @arraySize, @name, @queue, @definitionArn, @spec, @status, @createdAt)`,
    );
    this.update = store.prepare(
      `UPDATE job SET status = @status, status_reason = @statusReason, attempts = @attempts, stop_kind = @stopKind,
         stop_reason = @stopReason, started_at = @startedAt, stopped_at = @stoppedAt WHERE id = @id`,
    );
    this.nextRow = store.prepare(
      `SELECT ${COLUMNS} WHERE queue = ? AND status = 'RUNNABLE' AND array_size IS NULL ORDER BY seq LIMIT 1`,
    );
    this.inStates = store.prepare(
      `SELECT ${COLUMNS} WHERE status IN (SELECT value FROM json_each(?)) ORDER BY seq`,
    );
    this.page = store.prepare(
      `SELECT ${COLUMNS} WHERE seq > @after AND status = COALESCE(@status, status)
         AND (@queue IS NULL OR (queue = @queue AND parent_id IS NULL)) AND (@parent IS NULL OR parent_id = @parent)
       ORDER BY seq LIMIT @limit`,
    );
    this.childrenRows = store.prepare(`SELECT ${COLUMNS} WHERE parent_id = ? ORDER BY array_index`);
    this.summary = store.prepare("SELECT status, count(*) AS n FROM job WHERE parent_id = ? GROUP BY status");
  }

  find(id: string): Job | undefined {
    const row = this.one.get(id);
    return row === undefined ? undefined : jobOf(row);
  }

  add({ spec, ...job }: NewJob): void {
    this.insert.run({ ...job, spec: spec === undefined ? "" : JSON.stringify(spec) });
  }

  change(job: Job, change: Change): Job {
    const next = { ...job, ...change };
    const { id, status, statusReason, attempts, stopKind, stopReason, startedAt, stoppedAt } = next;
    this.update.run({
      id,
      status,
      statusReason,
      attempts: JSON.stringify(attempts),
      stopKind,
      stopReason,
      startedAt,
      stoppedAt,
    });
    return next;
  }

  /** The oldest that may run. */
  nextRunnable(queue: string): Job | undefined {
    const row = this.nextRow.get(queue);
    return row === undefined ? undefined : jobOf(row);
  }

  inState(...states: readonly JobState[]): Job[] {
    return this.inStates.all(JSON.stringify(states)).map(jobOf);
  }

  list(filter: {
    queue: string | null;
    parent: string | null;
    status: JobState | null;
    after: number;
    limit: number;
  }): Job[] {
    return this.page.all(filter).map(jobOf);
  }

  children(parentId: string): Job[] {
    return this.childrenRows.all(parentId).map(jobOf);
  }

  /** How many children are in each state. */
  childStates(parentId: string): Partial<Record<JobState, number>> {
    return Object.fromEntries(this.summary.all(parentId).map(({ status, n }) => [status, n]));
  }

  /** All of them, and whether they ended well; `undefined` while one has not ended. */
  outcome(ids: readonly string[]): "succeeded" | "failed" | undefined {
    const states = ids.map((id) => this.find(id)?.status ?? "FAILED");
    if (states.includes("FAILED")) return "failed";
    return states.every(isFinal) ? "succeeded" : undefined;
  }
}

import type { Store } from "../sqlite-store.ts";
import { clientFault } from "./faults.ts";
import type { Queue, QueueRunner } from "./queue-runner.ts";
import type { DefinitionTable, JobDefinition } from "./sqlite-definitions.ts";
import type { Job, JobTable } from "./sqlite-jobs.ts";

/** What Batch's operations work with. */
export interface Batch {
  readonly store: Store;
  readonly jobs: JobTable;
  readonly definitions: DefinitionTable;
  readonly queues: readonly Queue[];
  readonly runner: QueueRunner;
  readonly wall: () => number;
  readonly arn: (resource: string) => string;
}

export const definitionArn = ({ arn }: Batch, { name, revision }: JobDefinition): string =>
  arn(`job-definition/${name}:${revision}`);
export const queueArn = ({ arn }: Batch, name: string): string => arn(`job-queue/${name}`);
export const jobArn = ({ arn }: Batch, { id }: Pick<Job, "id">): string => arn(`job/${id}`);

/** By name or ARN. @throws {ServiceFault} ClientException. */
export function queueOf(batch: Batch, reference: string): Queue {
  const found = batch.queues.find(({ name }) => name === reference || queueArn(batch, name) === reference);
  if (found === undefined) throw clientFault(`JobQueue ${reference} not found`);
  return found;
}

/** By id or ARN. @throws {ServiceFault} ClientException. */
export function jobOf(batch: Batch, reference: string): Job {
  const found = batch.jobs.find(reference.replace(/^arn:.*:job\//, ""));
  if (found === undefined) throw clientFault(`Job ${reference} does not exist`);
  return found;
}

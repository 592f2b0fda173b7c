import { json } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import type { Answer, Call } from "../http/service.ts";
import { integer, listOf, oneOf, struct, text } from "../http/shape.ts";
import { type Batch, jobArn, jobOf, queueArn, queueOf } from "./context.ts";
import { clientFault } from "./faults.ts";
import { JOB_STATES } from "./job-state.ts";
import type { Job } from "./sqlite-jobs.ts";

const MAX_JOBS = 100;

const describeRequest = struct({ jobs: listOf(text({ min: 1 }), { max: MAX_JOBS }) }, {});

/** DescribeJobs: jobs that do not exist are left out. */
export const describeJobs =
  (batch: Batch) =>
  (call: Call): Answer => {
    const { jobs } = jsonBody(call, describeRequest, clientFault);
    const found = jobs.flatMap((id) => batch.jobs.find(id.replace(/^arn:.*:job\//, "")) ?? []);
    return json({ jobs: found.map((job) => detailOf(batch, job)) });
  };

function detailOf(batch: Batch, job: Job): Record<string, unknown> {
  const { spec } = job;
  return {
    jobArn: jobArn(batch, job),
    jobId: job.id,
    jobName: job.name,
    jobQueue: queueArn(batch, job.queue),
    jobDefinition: job.definitionArn,
    status: job.status,
    statusReason: job.statusReason ?? undefined,
    createdAt: job.createdAt,
    // Required by AWS's model, also before there is a start.
    startedAt: job.startedAt ?? 0,
    stoppedAt: job.stoppedAt ?? undefined,
    attempts: job.attempts.map(({ exitCode, reason, statusReason, startedAt, stoppedAt }) => ({
      container: { exitCode, reason, logStreamName: job.id },
      startedAt,
      stoppedAt,
      statusReason,
    })),
    retryStrategy: {
      attempts: spec.retryStrategy.attempts ?? 1,
      evaluateOnExit: spec.retryStrategy.evaluateOnExit ?? [],
    },
    timeout: spec.timeoutSeconds === undefined ? undefined : { attemptDurationSeconds: spec.timeoutSeconds },
    dependsOn: spec.dependsOn.map((jobId) => ({ jobId })),
    parameters: spec.parameters,
    container: containerOf(job),
    arrayProperties: arrayOf(batch, job),
    isCancelled: job.stopKind === "cancel",
    isTerminated: job.stopKind === "terminate",
  };
}

/** What was run, and how its last attempt ended. */
function containerOf({ id, spec, attempts, startedAt }: Job): Record<string, unknown> {
  const last = attempts.at(-1);
  return {
    image: spec.image,
    command: spec.command,
    environment: spec.environment,
    resourceRequirements: spec.resourceRequirements ?? [],
    volumes: [],
    mountPoints: [],
    ulimits: [],
    exitCode: last?.exitCode,
    reason: last?.reason,
    logStreamName: startedAt === null ? undefined : id,
  };
}

/** A child's index; an array job's size, and how many children are in each state. */
function arrayOf({ jobs }: Batch, { id, arrayIndex, arraySize }: Job): Record<string, unknown> | undefined {
  if (arrayIndex !== null) return { index: arrayIndex };
  if (arraySize === null) return undefined;
  const states = jobs.childStates(id);
  return {
    size: arraySize,
    statusSummary: Object.fromEntries(JOB_STATES.map((state) => [state, states[state] ?? 0])),
  };
}

const listRequest = struct(
  {},
  {
    jobQueue: text(),
    arrayJobId: text(),
    jobStatus: oneOf(...JOB_STATES),
    maxResults: integer({ min: 1, max: MAX_JOBS }),
    nextToken: text(),
  },
);

/** ListJobs: of a queue or of an array job; only RUNNING ones unless another state is asked for. */
export const listJobs =
  (batch: Batch) =>
  (call: Call): Answer => {
    const request = jsonBody(call, listRequest, clientFault);
    if ((request.jobQueue === undefined) === (request.arrayJobId === undefined))
      throw clientFault("Give exactly one of jobQueue and arrayJobId");
    const after = Number(request.nextToken ?? 0);
    if (!Number.isInteger(after)) throw clientFault("The nextToken is not valid");
    const limit = request.maxResults ?? MAX_JOBS;
    const found = batch.jobs.list({
      queue: request.jobQueue === undefined ? null : queueOf(batch, request.jobQueue).name,
      parent: request.arrayJobId === undefined ? null : jobOf(batch, request.arrayJobId).id,
      status: request.jobStatus ?? "RUNNING",
      after,
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    return json({
      jobSummaryList: page.map((job) => ({
        jobArn: jobArn(batch, job),
        jobId: job.id,
        jobName: job.name,
        createdAt: job.createdAt,
        status: job.status,
        statusReason: job.statusReason ?? undefined,
        startedAt: job.startedAt ?? undefined,
        stoppedAt: job.stoppedAt ?? undefined,
        container: { exitCode: job.attempts.at(-1)?.exitCode, reason: job.attempts.at(-1)?.reason },
        arrayProperties:
          job.arrayIndex !== null
            ? { index: job.arrayIndex }
            : job.arraySize !== null
              ? { size: job.arraySize }
              : undefined,
        jobDefinition: job.definitionArn,
      })),
      ...(found.length > limit && { nextToken: String(page.at(-1)?.seq ?? 0) }),
    });
  };

const stopRequest = struct({ jobId: text({ min: 1 }), reason: text({ min: 1, max: 1_024 }) }, {});

/** CancelJob and TerminateJob: both are answered before anything has stopped. */
export const stopJob =
  (batch: Batch, kind: "cancel" | "terminate") =>
  (call: Call): Answer => {
    const { jobId, reason } = jsonBody(call, stopRequest, clientFault);
    batch.runner[kind](jobOf(batch, jobId), reason);
    return json({});
  };

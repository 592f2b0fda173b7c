import {
  BatchClient,
  DescribeJobDefinitionsCommand,
  DescribeJobsCommand,
  type JobStatus,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
} from "@aws-sdk/client-batch";
import { TwinError } from "@plumbline/twin/errors";
import { type ClientOptions, clientConfig } from "./client-options.ts";

export interface JobRequest {
  /** Letters, digits, - and _; at most 128. */
  readonly name: string;
  readonly command: readonly string[];
  /** Number of children, 2–10,000; undefined: a single job. */
  readonly arraySize?: number;
}
export type JobState = "waiting" | "running" | "succeeded" | "failed" | "unknown";

/** Jobs that run somewhere else, at some time. */
export interface JobQueue {
  submit(request: JobRequest): Promise<string>;
  /** States by job id; a child of an array job is `<id>:<index>`. A job that the queue has forgotten is "unknown". */
  states(ids: readonly string[]): Promise<ReadonlyMap<string, JobState>>;
}

/** DescribeJobs takes so many at once. */
const DESCRIBE_LIMIT = 100;

const STATES = {
  SUBMITTED: "waiting",
  PENDING: "waiting",
  RUNNABLE: "waiting",
  STARTING: "running",
  RUNNING: "running",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
} as const satisfies Record<JobStatus, JobState>;

/** A job may run for so long, s, and is tried so often: an interrupted Spot task costs minutes, a lost one a day. */
const JOB_SECONDS = 1_800;
const JOB_ATTEMPTS = 3;

/**
 * Registers the definition under which the planner submits, unless an active one of this name has the image already. Where
 * the stacks are deployed they have made it; this is for the cloud in a box and for trying things out.
 */
export async function ensureJobDefinition(
  jobDefinitionName: string,
  image: string,
  options: ClientOptions,
): Promise<string> {
  const client = new BatchClient(clientConfig(options));
  const { jobDefinitions } = await client.send(
    new DescribeJobDefinitionsCommand({ jobDefinitionName, status: "ACTIVE" }),
  );
  const known = jobDefinitions?.find(({ containerProperties }) => containerProperties?.image === image);
  if (known?.jobDefinitionArn !== undefined) return known.jobDefinitionArn;
  const { jobDefinitionArn } = await client.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName,
      type: "container",
      containerProperties: {
        image,
        resourceRequirements: [
          { type: "VCPU", value: "1" },
          { type: "MEMORY", value: "2048" },
        ],
      },
      retryStrategy: { attempts: JOB_ATTEMPTS },
      timeout: { attemptDurationSeconds: JOB_SECONDS },
    }),
  );
  if (jobDefinitionArn !== undefined) return jobDefinitionArn;
  throw new TwinError(
    "BAD_ANSWER",
    `Batch did not register ${jobDefinitionName}`,
    "run again; if it stays, look at the service",
    { retry: "later" },
  );
}

export class BatchJobs implements JobQueue {
  readonly #client: BatchClient;
  readonly #queue: string;
  readonly #definition: string;

  constructor(queue: string, definition: string, options: ClientOptions) {
    this.#client = new BatchClient(clientConfig(options));
    this.#queue = queue;
    this.#definition = definition;
  }

  async submit({ name, command, arraySize }: JobRequest): Promise<string> {
    const { jobId } = await this.#client.send(
      new SubmitJobCommand({
        jobName: name,
        jobQueue: this.#queue,
        jobDefinition: this.#definition,
        containerOverrides: { command: [...command] },
        ...(arraySize === undefined ? {} : { arrayProperties: { size: arraySize } }),
      }),
    );
    if (jobId !== undefined) return jobId;
    throw new TwinError(
      "BAD_ANSWER",
      `Batch took job ${name} without giving its id`,
      "look at the queue, then run the planner again",
      { retry: "later" },
    );
  }

  async states(ids: readonly string[]): Promise<ReadonlyMap<string, JobState>> {
    const states = new Map<string, JobState>(ids.map((id) => [id, "unknown"]));
    for (let start = 0; start < ids.length; start += DESCRIBE_LIMIT) {
      const { jobs } = await this.#client.send(
        new DescribeJobsCommand({ jobs: ids.slice(start, start + DESCRIBE_LIMIT) }),
      );
      for (const { jobId, status } of jobs ?? []) {
        if (jobId !== undefined && status !== undefined) states.set(jobId, STATES[status]);
      }
    }
    return states;
  }
}

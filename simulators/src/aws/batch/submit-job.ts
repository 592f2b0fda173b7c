import { randomUUID } from "node:crypto";
import { json } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import type { Answer, Call } from "../http/service.ts";
import { type Checked, flag, integer, listOf, struct, text } from "../http/shape.ts";
import { type Batch, definitionArn, jobArn, queueOf } from "./context.ts";
import { clientFault } from "./faults.ts";
import type { DefinitionDocument } from "./job-definitions.ts";
import {
  command,
  environment,
  name,
  parameters,
  reservedVariable,
  resourceRequirements,
  retryStrategy,
  tags,
  timeout,
} from "./job-shapes.ts";
import { type JobSpec, mergeEnvironment, substitute } from "./job-spec.ts";
import type { NewJob } from "./sqlite-jobs.ts";

/** Dependencies of one job. */
const MAX_DEPENDENCIES = 20;

const submitRequest = struct(
  { jobName: name, jobQueue: text({ min: 1 }), jobDefinition: text({ min: 1 }) },
  {
    arrayProperties: struct({ size: integer({ min: 2, max: 10_000 }) }, {}),
    // Array dependencies (`type`) are not emulated; a job may depend on whole jobs.
    dependsOn: listOf(struct({ jobId: text({ min: 1 }) }, {}), { max: MAX_DEPENDENCIES }),
    parameters,
    containerOverrides: struct({}, { command, environment, resourceRequirements }),
    retryStrategy,
    timeout,
    propagateTags: flag,
    tags,
  },
);
type SubmitRequest = Checked<typeof submitRequest>;

/** SubmitJob: answered when the job, and all children of an array job, are stored. */
export const submitJob =
  (batch: Batch) =>
  (call: Call): Answer => {
    const request = jsonBody(call, submitRequest, clientFault);
    const queue = queueOf(batch, request.jobQueue);
    const definition = batch.definitions.find(request.jobDefinition);
    if (definition === undefined) throw clientFault(`JobDefinition ${request.jobDefinition} not found`);
    const reserved = reservedVariable(request.containerOverrides?.environment ?? []);
    if (reserved !== undefined)
      throw clientFault(`Environment variable ${reserved} begins with the reserved AWS_BATCH`);
    const missing = request.dependsOn?.find(({ jobId }) => batch.jobs.find(jobId) === undefined);
    if (missing !== undefined) throw clientFault(`Job ${missing.jobId} to depend on does not exist`);
    const spec = specOf(definition.document as unknown as DefinitionDocument, request);
    const id = randomUUID();
    const common = {
      name: request.jobName,
      queue: queue.name,
      definitionArn: definitionArn(batch, definition),
      createdAt: batch.wall(),
    };
    addJobs(batch, { ...common, id, status: "SUBMITTED" }, spec, request.arrayProperties?.size ?? null);
    batch.runner.wake();
    return json({ jobArn: jobArn(batch, { id }), jobName: request.jobName, jobId: id });
  };

type Common = Pick<NewJob, "id" | "name" | "queue" | "definitionArn" | "createdAt" | "status">;

/** A job, or an array job with all its children: one transaction, so that a killed box has either all or none. */
function addJobs({ store, jobs }: Batch, common: Common, spec: JobSpec, size: number | null): void {
  const { id } = common;
  store.transaction(() => {
    jobs.add({ ...common, parentId: null, arrayIndex: null, arraySize: size, spec });
    const child = { ...common, parentId: id, arraySize: null, spec: undefined };
    for (let arrayIndex = 0; arrayIndex < (size ?? 0); arrayIndex += 1)
      jobs.add({ ...child, id: `${id}:${arrayIndex}`, arrayIndex });
  })();
}

/** The request's word goes before the definition's. */
function specOf(definition: DefinitionDocument, request: SubmitRequest): JobSpec {
  const container = definition.containerProperties;
  const overrides = request.containerOverrides ?? {};
  const given = { ...definition.parameters, ...request.parameters };
  const timeoutSeconds =
    request.timeout?.attemptDurationSeconds ?? definition.timeout?.attemptDurationSeconds;
  const resources = overrides.resourceRequirements ?? container.resourceRequirements;
  return {
    image: container.image,
    command: substitute(overrides.command ?? container.command ?? [], given),
    environment: mergeEnvironment(container.environment ?? [], overrides.environment ?? []),
    parameters: given,
    retryStrategy: request.retryStrategy ?? definition.retryStrategy ?? {},
    dependsOn: request.dependsOn?.map(({ jobId }) => jobId) ?? [],
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(resources !== undefined && { resourceRequirements: resources }),
  };
}

import { json } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import type { Answer, Call } from "../http/service.ts";
import { type Check, flag, integer, listOf, oneOf, struct, text } from "../http/shape.ts";
import { type Batch, definitionArn } from "./context.ts";
import { fargateFault } from "./fargate-size.ts";
import { clientFault } from "./faults.ts";
import {
  type ContainerProperties,
  containerProperties,
  name,
  parameters,
  reservedVariable,
  retryStrategy,
  tags,
  timeout,
} from "./job-shapes.ts";
import type { RetryStrategy } from "./job-spec.ts";

const MAX_PAGE = 100;

export interface DefinitionDocument {
  readonly jobDefinitionName: string;
  readonly type: "container";
  readonly containerProperties: ContainerProperties;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly retryStrategy?: RetryStrategy;
  readonly timeout?: { readonly attemptDurationSeconds?: number };
  readonly platformCapabilities?: readonly ("EC2" | "FARGATE")[];
  readonly [kept: string]: unknown;
}

const registerRequest: Check<DefinitionDocument> = struct(
  { jobDefinitionName: name, type: oneOf("container"), containerProperties },
  {
    parameters,
    retryStrategy,
    timeout,
    tags,
    propagateTags: flag,
    platformCapabilities: listOf(oneOf("EC2", "FARGATE")),
    schedulingPriority: integer({ min: 0, max: 9_999 }),
  },
);

export const registerDefinition =
  (batch: Batch) =>
  (call: Call): Answer => {
    const request = jsonBody(call, registerRequest, clientFault);
    const { environment = [], resourceRequirements = [] } = request.containerProperties;
    const reserved = reservedVariable(environment);
    if (reserved !== undefined)
      throw clientFault(`Environment variable ${reserved} begins with the reserved AWS_BATCH`);
    const fault =
      request.platformCapabilities?.includes("FARGATE") === true
        ? fargateFault(resourceRequirements)
        : undefined;
    if (fault !== undefined) throw clientFault(fault);
    const added = batch.store.transaction(() => batch.definitions.add(request.jobDefinitionName, request))();
    return json({
      jobDefinitionName: added.name,
      jobDefinitionArn: definitionArn(batch, added),
      revision: added.revision,
    });
  };

const describeRequest = struct(
  {},
  {
    jobDefinitions: listOf(text(), { max: MAX_PAGE }),
    maxResults: integer({ min: 1, max: MAX_PAGE }),
    jobDefinitionName: text(),
    status: text(),
    nextToken: text(),
  },
);

export const describeDefinitions =
  (batch: Batch) =>
  (call: Call): Answer => {
    const request = jsonBody(call, describeRequest, clientFault);
    const asked = request.jobDefinitions?.flatMap((each) => batch.definitions.find(each) ?? []);
    const all = asked ?? batch.definitions.list(request.jobDefinitionName);
    const wanted = request.status === undefined || request.status === "ACTIVE" ? all : [];
    const from = Number(request.nextToken ?? 0);
    if (!Number.isInteger(from) || from < 0) throw clientFault("The nextToken is not valid");
    const limit = request.maxResults ?? MAX_PAGE;
    return json({
      jobDefinitions: wanted.slice(from, from + limit).map((definition) => ({
        ...definition.document,
        jobDefinitionArn: definitionArn(batch, definition),
        revision: definition.revision,
        status: "ACTIVE",
        containerOrchestrationType: "ECS",
      })),
      ...(from + limit < wanted.length && { nextToken: String(from + limit) }),
    });
  };

const queuesRequest = struct(
  {},
  { jobQueues: listOf(text()), maxResults: integer({ min: 1, max: MAX_PAGE }), nextToken: text() },
);

export const describeQueues =
  (batch: Batch) =>
  (call: Call): Answer => {
    const request = jsonBody(call, queuesRequest, clientFault);
    const arnOf = (queue: string): string => batch.arn(`job-queue/${queue}`);
    const wanted = batch.queues.filter(
      (queue) => request.jobQueues?.some((each) => each === queue.name || each === arnOf(queue.name)) ?? true,
    );
    return json({
      jobQueues: wanted.map((queue) => ({
        jobQueueName: queue.name,
        jobQueueArn: arnOf(queue.name),
        state: "ENABLED",
        status: "VALID",
        statusReason: "JobQueue Healthy",
        priority: 1,
        computeEnvironmentOrder: [
          { order: 1, computeEnvironment: batch.arn("compute-environment/cloud-in-a-box") },
        ],
        jobQueueType: "ECS_FARGATE",
      })),
    });
  };

import {
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
  RegisterJobDefinitionCommand,
  type RegisterJobDefinitionCommandInput,
  SubmitJobCommand,
  type SubmitJobCommandInput,
} from "@aws-sdk/client-batch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errorOf, openBox, type TestBox } from "./box-harness.ts";

const jobQueue = "plumbline-recalibration";
let t: TestBox;
beforeAll(async () => {
  t = await openBox();
});
afterAll(async () => {
  expect(t.validations.batch.faults.filter((fault) => fault.includes(" answer: "))).toEqual([]);
  await t[Symbol.asyncDispose]();
});

const define = async (
  more: Partial<RegisterJobDefinitionCommandInput> = {},
  container: object = {},
): Promise<string> => {
  const containerProperties = { image: "test-image", command: ["exit", "0"], ...container };
  const input = { jobDefinitionName: "job", type: "container", containerProperties, ...more } as const;
  const { jobDefinitionName, revision } = await t.clients.batch.send(new RegisterJobDefinitionCommand(input));
  return `${jobDefinitionName}:${revision}`;
};
const submit = async (jobDefinition: string, more: Partial<SubmitJobCommandInput> = {}): Promise<string> =>
  (await t.clients.batch.send(new SubmitJobCommand({ jobName: "test", jobQueue, jobDefinition, ...more })))
    .jobId ?? "";

describe("requests", () => {
  test("each registration is a new revision, found by name, by revision and by ARN", async () => {
    const input = {
      jobDefinitionName: "revised",
      type: "container",
      containerProperties: { image: "test-image" },
    } as const;
    const first = await t.clients.batch.send(new RegisterJobDefinitionCommand(input));
    const second = await t.clients.batch.send(
      new RegisterJobDefinitionCommand({ ...input, parameters: { a: "1" } }),
    );
    expect([first.revision, second.revision]).toEqual([1, 2]);
    const find = async (filter: object) =>
      (await t.clients.batch.send(new DescribeJobDefinitionsCommand(filter))).jobDefinitions?.map(
        ({ revision }) => revision,
      );
    expect(await find({ jobDefinitionName: "revised" })).toEqual([2, 1]);
    expect(await find({ jobDefinitions: [first.jobDefinitionArn ?? ""] })).toEqual([1]);
    const queues = await t.clients.batch.send(new DescribeJobQueuesCommand({ jobQueues: [jobQueue] }));
    expect(queues.jobQueues?.map(({ state, status }) => [state, status])).toEqual([["ENABLED", "VALID"]]);
  });

  test.each([
    ["an unknown queue", { jobQueue: "nowhere" }],
    ["an unknown definition", { jobDefinition: "nothing" }],
    ["a time-out below sixty seconds", { timeout: { attemptDurationSeconds: 59 } }],
    ["more than ten attempts", { retryStrategy: { attempts: 11 } }],
    [
      "six conditions on an exit",
      {
        retryStrategy: {
          evaluateOnExit: Array.from({ length: 6 }, () => ({ onExitCode: "1", action: "EXIT" as const })),
        },
      },
    ],
    [
      "a variable of Batch's own",
      { containerOverrides: { environment: [{ name: "AWS_BATCH_JOB_ID", value: "x" }] } },
    ],
    ["a name with a space", { jobName: "a job" }],
    ["a dependency that is nobody", { dependsOn: [{ jobId: "nobody" }] }],
  ])("%s is a ClientException", async (_name, more) => {
    const definition = await define();
    expect(await errorOf(submit(definition, more))).toMatchObject({ name: "ClientException", status: 400 });
  });

  test("Fargate's sizes are checked where a definition is for Fargate", async () => {
    const sized = (cpu: string, memory: string): Promise<string> =>
      define(
        { platformCapabilities: ["FARGATE"] },
        {
          resourceRequirements: [
            { type: "VCPU", value: cpu },
            { type: "MEMORY", value: memory },
          ],
        },
      );
    await sized("1", "2048");
    expect((await errorOf(sized("1", "1024"))).message).toContain("2048, 3072");
    expect(await errorOf(define({ platformCapabilities: ["FARGATE"] }))).toMatchObject({
      name: "ClientException",
    });
  });
});

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  CancelJobCommand,
  DescribeJobsCommand,
  type JobDetail,
  ListJobsCommand,
  RegisterJobDefinitionCommand,
  type RegisterJobDefinitionCommandInput,
  SubmitJobCommand,
  type SubmitJobCommandInput,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { builtEntry } from "../../support/build-workspace.ts";
import { errorOf, openBox, type TestBox } from "./box-harness.ts";
import { alive } from "./process-state.ts";

const jobQueue = "plumbline-recalibration";
const JOB = path.resolve(import.meta.dirname, "job/main.mjs");
/** A time-out of sixty seconds, AWS's shortest, takes this long here, ms. */
const SECOND = 4;
let t: TestBox;

beforeAll(async () => {
  const guardProgram = builtEntry("simulators", "aws/batch/job-guard-main.js");
  t = await openBox(
    { images: { "test-image": ["node", JOB] }, jobEnvironment: { MODE: "box:{httpPort}" } },
    { guardProgram, jobSecondMs: SECOND, jobGraceMs: 200 },
  );
});
afterAll(async () => {
  expect(t.validations.batch.faults.filter((fault) => fault.includes(" answer: "))).toEqual([]);
  await t[Symbol.asyncDispose]();
});

let counter = 0;
const define = async (
  command: string[],
  more: Partial<RegisterJobDefinitionCommandInput> = {},
  container: object = {},
): Promise<string> => {
  counter += 1;
  const input = {
    jobDefinitionName: `job-${counter}`,
    type: "container",
    containerProperties: { image: "test-image", command, ...container },
    ...more,
  } as const;
  const { jobDefinitionName, revision } = await t.clients.batch.send(
    new RegisterJobDefinitionCommand(input as RegisterJobDefinitionCommandInput),
  );
  return `${jobDefinitionName}:${revision}`;
};
const submit = async (jobDefinition: string, more: Partial<SubmitJobCommandInput> = {}): Promise<string> =>
  (await t.clients.batch.send(new SubmitJobCommand({ jobName: "test", jobQueue, jobDefinition, ...more })))
    .jobId ?? "";
const job = async (id: string): Promise<JobDetail> =>
  (await t.clients.batch.send(new DescribeJobsCommand({ jobs: [id] }))).jobs?.[0] ?? ({} as JobDetail);
const ended = (id: string): Promise<JobDetail> =>
  vi.waitFor(
    async () => {
      const found = await job(id);
      expect(["SUCCEEDED", "FAILED"]).toContain(found.status);
      return found;
    },
    { timeout: 20_000, interval: 20 },
  );
const said = (id: string): Record<string, unknown>[] =>
  readFileSync(path.join(t.config.dataDir, "jobs", `${id}.log`), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const running = (file: string): Promise<number> =>
  vi.waitFor(() => Number(readFileSync(file, "utf8").trim().split("\n").at(-1)), {
    timeout: 10_000,
    interval: 10,
  });

describe("a job", () => {
  test("runs the image's command with its own, its parameters, and Batch's variables", async () => {
    const definition = await define(
      ["exit", "0", "Ref::what", "Ref::missing"],
      { parameters: { what: "default" } },
      {
        environment: [
          { name: "MODE", value: "definition" },
          { name: "KEPT", value: "1" },
        ],
      },
    );
    const id = await submit(definition, {
      parameters: { what: "asset-7" },
      containerOverrides: { environment: [{ name: "MODE", value: "override" }] },
    });
    const found = await ended(id);
    expect([found.status, found.container?.exitCode, found.attempts?.length]).toEqual(["SUCCEEDED", 0, 1]);
    expect(found.container?.command).toEqual(["exit", "0", "asset-7", "Ref::missing"]);
    expect(said(id)).toMatchObject([
      { id, attempt: "1", rest: ["0", "asset-7", "Ref::missing"], mode: "override" },
    ]);
    expect(said(id)[0]?.["env"]).toEqual(expect.arrayContaining(["AWS_BATCH_JQ_NAME", "KEPT"]));
    expect(said(id)[0]?.["env"]).not.toContain("HOME");
  });

  test("has the box's own environment, with the ports it listens on", async () => {
    const id = await submit(await define(["exit", "0"]));
    await ended(id);
    expect(said(id)[0]?.["mode"]).toBe(`box:${t.box.httpPort}`);
  });

  test("that fails is tried again as often as its strategy says, and each attempt is kept", async () => {
    const strategy = { retryStrategy: { attempts: 3 } };
    const second = await ended(await submit(await define(["fail-first"], strategy)));
    expect([second.status, second.attempts?.map(({ container }) => container?.exitCode)]).toEqual([
      "SUCCEEDED",
      [3, 0],
    ]);
    const never = await ended(await submit(await define(["exit", "5"], strategy)));
    expect([
      never.status,
      never.attempts?.map(({ container }) => container?.exitCode),
      never.statusReason,
    ]).toEqual(["FAILED", [5, 5, 5], "Essential container in task exited"]);
  });

  test("is not tried again when a condition on its exit says so", async () => {
    const retryStrategy = {
      attempts: 5,
      evaluateOnExit: [
        { onExitCode: "4*", action: "EXIT" },
        { onReason: "*", action: "RETRY" },
      ],
    } as const;
    const found = await ended(
      await submit(await define(["exit", "42"]), {
        retryStrategy: { ...retryStrategy, evaluateOnExit: [...retryStrategy.evaluateOnExit] },
      }),
    );
    expect([found.status, found.attempts?.length]).toEqual(["FAILED", 1]);
  });

  test("that runs beyond its time-out is stopped and not tried again", async () => {
    const where = path.join(t.directory, "timeout");
    const id = await submit(await define(["stubborn"], { retryStrategy: { attempts: 3 } }), {
      timeout: { attemptDurationSeconds: 60 },
      containerOverrides: { environment: [{ name: "WHERE", value: where }] },
    });
    const found = await ended(id);
    expect([found.status, found.statusReason, found.attempts?.length]).toEqual([
      "FAILED",
      "Job attempt duration exceeded timeout",
      1,
    ]);
    if (existsSync(where)) expect(alive(await running(where))).toBe(false);
  });

  test("of an image that the box does not have fails like one that cannot be pulled", async () => {
    const found = await ended(await submit(await define(["x"], {}, { image: "elsewhere/other:latest" })));
    expect([found.status, found.container?.reason]).toEqual([
      "FAILED",
      expect.stringContaining("CannotPullContainerError"),
    ]);
  });
});

describe("an array job", () => {
  test("gives every child its index, counts their states, and fails when one has failed", async () => {
    const id = await submit(await define(["odd-fails"]), { arrayProperties: { size: 4 } });
    const found = await ended(id);
    expect([found.status, found.arrayProperties?.size]).toEqual(["FAILED", 4]);
    expect(found.arrayProperties?.statusSummary).toMatchObject({ SUCCEEDED: 2, FAILED: 2, RUNNING: 0 });
    const child = await job(`${id}:2`);
    expect([child.status, child.arrayProperties?.index]).toEqual(["SUCCEEDED", 2]);
    expect(said(`${id}:3`)).toMatchObject([{ id: `${id}:3`, index: "3" }]);
    const listed = await t.clients.batch.send(new ListJobsCommand({ arrayJobId: id, jobStatus: "FAILED" }));
    expect(listed.jobSummaryList?.map(({ jobId }) => jobId)).toEqual([`${id}:1`, `${id}:3`]);
  });

  test("runs no more children at once than its queue allows, and is PENDING meanwhile", async () => {
    const where = path.join(t.directory, "gate");
    const id = await submit(await define(["until"]), {
      arrayProperties: { size: 5 },
      containerOverrides: { environment: [{ name: "WHERE", value: where }] },
    });
    await vi.waitFor(
      () => expect([0, 1].every((index) => existsSync(`${where}.started.${index}`))).toBe(true),
      { timeout: 10_000 },
    );
    const found = await job(id);
    expect([found.status, found.arrayProperties?.statusSummary?.["RUNNING"]]).toEqual(["PENDING", 2]);
    writeFileSync(where, "");
    expect((await ended(id)).status).toBe("SUCCEEDED");
  });

  test("has two to ten thousand children", async () => {
    const definition = await define(["exit", "0"]);
    expect(await errorOf(submit(definition, { arrayProperties: { size: 1 } }))).toMatchObject({
      name: "ClientException",
      status: 400,
    });
    expect(await errorOf(submit(definition, { arrayProperties: { size: 10_001 } }))).toMatchObject({
      name: "ClientException",
    });
    const id = await submit(definition, { arrayProperties: { size: 10_000 } });
    await t.clients.batch.send(new TerminateJobCommand({ jobId: id, reason: "enough" }));
    const found = await ended(id);
    expect([found.status, found.isTerminated]).toEqual(["FAILED", true]);
  });
});

describe("stopping", () => {
  const waiting = async (): Promise<{ id: string; where: string }> => {
    counter += 1;
    const where = path.join(t.directory, `wait-${counter}`);
    const id = await submit(await define(["wait"], { retryStrategy: { attempts: 3 } }), {
      containerOverrides: { environment: [{ name: "WHERE", value: where }] },
    });
    return { id, where };
  };

  test("TerminateJob ends a running job for good, with the reason it gives", async () => {
    const { id, where } = await waiting();
    const pid = await running(where);
    await t.clients.batch.send(new TerminateJobCommand({ jobId: id, reason: "superseded" }));
    const found = await ended(id);
    expect([found.status, found.statusReason, found.attempts?.length]).toEqual(["FAILED", "superseded", 1]);
    expect(alive(pid)).toBe(false);
  });

  test("CancelJob stops a job that has not started, and leaves a running one alone", async () => {
    const first = await waiting();
    const second = await waiting();
    await Promise.all([running(first.where), running(second.where)]);
    const queued = await waiting();
    for (const { id } of [queued, first])
      await t.clients.batch.send(new CancelJobCommand({ jobId: id, reason: "not needed" }));
    const found = await ended(queued.id);
    expect([found.status, found.statusReason, found.attempts]).toEqual(["FAILED", "not needed", []]);
    expect((await job(first.id)).status).toBe("RUNNING");
    for (const { id } of [first, second])
      await t.clients.batch.send(new TerminateJobCommand({ jobId: id, reason: "end" }));
    await Promise.all([ended(first.id), ended(second.id)]);
  });

  test("a job that depends on another waits for it, and fails with it", async () => {
    const { id: first, where } = await waiting();
    await running(where);
    const next = await submit(await define(["exit", "0"]), { dependsOn: [{ jobId: first }] });
    await vi.waitFor(async () => expect((await job(next)).status).toBe("PENDING"));
    await t.clients.batch.send(new TerminateJobCommand({ jobId: first, reason: "end" }));
    expect((await ended(next)).statusReason).toBe("Dependent Job failed");
  });
});

test("a job whose guard is killed does not live on, and the attempt counts", async () => {
  const where = path.join(t.directory, "guard-killed");
  const environment = [{ name: "WHERE", value: where }];
  const id = await submit(await define(["wait"]), { containerOverrides: { environment } });
  const pid = await running(where);
  process.kill(Number(said(id)[0]?.["guard"]), "SIGKILL");
  const found = await ended(id);
  expect([found.status, found.container?.exitCode]).toEqual(["FAILED", 137]);
  await vi.waitFor(() => expect(alive(pid)).toBe(false), { timeout: 5_000 });
});

test("what a job leaves behind ends with it", async () => {
  const where = path.join(t.directory, "family");
  const id = await submit(await define(["family"]), {
    containerOverrides: { environment: [{ name: "WHERE", value: where }] },
  });
  expect((await ended(id)).status).toBe("SUCCEEDED");
  const child = await running(where);
  await vi.waitFor(() => expect(alive(child)).toBe(false), { timeout: 5_000 });
});

test("a program that does not exist is a container that cannot start", async () => {
  await using own = await openBox(
    { images: { broken: ["/no/such/program"] } },
    { guardProgram: builtEntry("simulators", "aws/batch/job-guard-main.js") },
  );
  const containerProperties = { image: "broken" };
  await own.clients.batch.send(
    new RegisterJobDefinitionCommand({ jobDefinitionName: "broken", type: "container", containerProperties }),
  );
  const { jobId = "" } = await own.clients.batch.send(
    new SubmitJobCommand({ jobName: "b", jobQueue, jobDefinition: "broken" }),
  );
  await vi.waitFor(
    async () => {
      const found = (await own.clients.batch.send(new DescribeJobsCommand({ jobs: [jobId] }))).jobs?.[0];
      expect([found?.status, found?.container?.reason]).toEqual([
        "FAILED",
        expect.stringContaining("CannotStartContainerError"),
      ]);
    },
    { timeout: 10_000 },
  );
});

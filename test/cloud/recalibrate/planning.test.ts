import { PassThrough } from "node:stream";
import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import type { JobQueue, JobRequest, JobState } from "../../../cloud/src/aws/batch-jobs.ts";
import { planOnRequest } from "../../../cloud/src/recalibrate/planner-loop.ts";
import type { PlannerState } from "../../../cloud/src/recalibrate/planner-state.ts";
import { Planning } from "../../../cloud/src/recalibrate/planning.ts";
import { beginEpoch, type IngestState } from "../../../cloud/src/store/ingest-state.ts";
import { putJson } from "../../../cloud/src/store/json-object.ts";
import { memoryWorld, type World } from "../support/memory.ts";

const T0 = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

class MemoryJobs implements JobQueue {
  readonly submitted: JobRequest[] = [];
  state: JobState = "running";
  async submit(request: JobRequest): Promise<string> {
    this.submitted.push(request);
    return `job-${this.submitted.length}`;
  }
  async states(ids: readonly string[]): Promise<ReadonlyMap<string, JobState>> {
    return new Map(ids.map((id) => [id, this.state]));
  }
}

async function machine(world: World, thing: string, alarmed = true): Promise<void> {
  const state: IngestState = {
    ...beginEpoch(undefined, {
      thing,
      instance: "main",
      twin: { id: "web-line", version: "1.0.0" },
      epoch: "a",
    }),
    sequence: 3,
    lowest: T0,
    highest: T0 + DAY,
    alarms: alarmed ? [{ chart: "b3", at: T0 + DAY, statistic: 9, set: 0, sequence: 3 }] : [],
  };
  await putJson(world.objects, `state/${thing}/ingest.json`, state);
}
const planned = (world: World, jobs: JobQueue, cap = 10): Planning => new Planning({ ...world, jobs, cap });

describe("one look at the fleet", () => {
  test("submits one job for one machine, and no second one while it runs", async () => {
    const world = memoryWorld(T0 + DAY);
    const jobs = new MemoryJobs();
    await machine(world, "line-1");
    await machine(world, "line-2", false);
    const planning = planned(world, jobs);
    expect(await planning.look()).toEqual({
      submitted: [{ thing: "line-1", reason: "alarm", job: "job-1" }],
      running: 1,
      nextDue: T0 + 7 * DAY,
      published: {},
    });
    expect(await planning.look()).toMatchObject({ submitted: [], running: 1 });
    expect(jobs.submitted).toEqual([
      {
        name: expect.any(String),
        command: ["--thing", "line-1", "--instance", "main", "--as-of", expect.stringMatching(/^\d+$/)],
      },
    ]);
  });

  test("submits an array job for several machines, with a shard for each child", async () => {
    const world = memoryWorld(T0 + DAY);
    const jobs = new MemoryJobs();
    for (const thing of ["line-1", "line-2", "line-3"]) await machine(world, thing);
    expect(await planned(world, jobs).look()).toMatchObject({
      submitted: [
        { thing: "line-1", job: "job-1:0" },
        { thing: "line-2", job: "job-1:1" },
        { thing: "line-3", job: "job-1:2" },
      ],
    });
    const [request] = jobs.submitted;
    expect(request).toMatchObject({
      arraySize: 3,
      command: ["--shards", expect.stringMatching(/^shards\//), "--as-of", expect.stringMatching(/^\d+$/)],
    });
    expect(world.objects.json(request?.command[1] ?? "")).toEqual({
      shards: ["line-1", "line-2", "line-3"].map((thing) => [{ thing, instance: "main" }]),
    });
  });

  test("keeps to the fleet's cap; the rest has its turn when a job has ended", async () => {
    const world = memoryWorld(T0 + DAY);
    const jobs = new MemoryJobs();
    for (const thing of ["line-1", "line-2", "line-3"]) await machine(world, thing);
    const planning = planned(world, jobs, 2);
    expect((await planning.look()).submitted.map(({ thing }) => thing)).toEqual(["line-1", "line-2"]);
    expect((await planning.look()).submitted).toEqual([]);
    jobs.state = "succeeded";
    expect((await planning.look()).submitted.map(({ thing }) => thing)).toEqual(["line-3"]);
  });

  test("counts a FAILED job as not done: due again after a pause", async () => {
    const world = memoryWorld(T0 + DAY);
    const jobs = new MemoryJobs();
    await machine(world, "line-1");
    const planning = planned(world, jobs);
    await planning.look();
    jobs.state = "failed";
    expect((await planning.look()).submitted).toEqual([]);
    expect(world.objects.json<PlannerState>("planner/state.json").plans["line-1"]).toMatchObject({
      job: null,
      failures: 1,
    });
    // The pause is over, and so is the cool-down since the failed submission.
    world.clock.now += DAY;
    expect((await planning.look()).submitted).toHaveLength(1);
  });

  test("takes up a person's request once", async () => {
    const world = memoryWorld(T0 + DAY);
    const jobs = new MemoryJobs();
    await machine(world, "line-1", false);
    await putJson(world.objects, "requests/line-1.json", { at: T0 + DAY - 5 });
    const planning = planned(world, jobs);
    expect((await planning.look()).submitted).toEqual([{ thing: "line-1", reason: "manual", job: "job-1" }]);
    jobs.state = "succeeded";
    expect((await planning.look()).submitted).toEqual([]);
  });

  test("lets another planner's plans stand when it has written in between", async () => {
    const world = memoryWorld(T0 + DAY);
    const jobs = new MemoryJobs();
    await machine(world, "line-1");
    const { submit } = jobs;
    jobs.submit = async (request) => {
      await putJson(world.objects, "planner/state.json", { plans: {} });
      return submit.call(jobs, request);
    };
    await expect(planned(world, jobs).look()).rejects.toMatchObject({ code: "CONTENDED", retry: "later" });
    expect(world.objects.json("planner/state.json")).toEqual({ plans: {} });
  });
});

describe("lock-step", () => {
  test("answers each tick with one line; with wait only when every job has ended", async () => {
    const world = memoryWorld(T0 + DAY);
    const jobs = new MemoryJobs();
    await machine(world, "line-1");
    let naps = 0;
    const sleep = async (): Promise<void> => {
      if (++naps === 3) jobs.state = "succeeded";
    };
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end('{"tick":true,"wait":true}\nnonsense\n{"tick":true}\n');
    await planOnRequest({ planning: planned(world, jobs), sleep, tell: world.tell }, input, output);
    const lines = String(output.read())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(naps).toBe(3);
    expect(lines).toEqual([
      {
        submitted: [{ thing: "line-1", reason: "alarm", job: "job-1" }],
        running: 0,
        nextDue: T0 + DAY + webLine.policy.coolDown,
        published: {},
      },
      { error: { code: "SyntaxError", detail: expect.any(String) } },
      { submitted: [], running: 0, nextDue: T0 + DAY + webLine.policy.coolDown, published: {} },
    ]);
  });
});

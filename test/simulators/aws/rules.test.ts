import { FaultsError } from "@plumbline/twin/errors";
import { describe, expect, test } from "vitest";
import { matchesGlob, retries } from "../../../simulators/src/aws/batch/evaluate-on-exit.ts";
import { substitute } from "../../../simulators/src/aws/batch/job-spec.ts";
import {
  type Attempt,
  afterAttempt,
  arrayState,
  type EndCause,
} from "../../../simulators/src/aws/batch/job-state.ts";
import { readBoxConfig } from "../../../simulators/src/aws/box-config.ts";
import { coversFilter } from "../../../simulators/src/aws/broker/filter-cover.ts";
import { drain, emptyPool, enter, MIX, settle } from "../../../simulators/src/aws/broker/replay-pool.ts";
import { seededDice } from "../../../simulators/src/aws/broker/seeded-dice.ts";
import { jsonDepth, parseJson } from "../../../simulators/src/aws/http/request-json.ts";
import { unchunk } from "../../../simulators/src/aws/s3/aws-chunked.ts";
import { judgeRead, judgeWrite } from "../../../simulators/src/aws/s3/conditions.ts";
import { aggregate, windowEnd } from "../../../simulators/src/aws/sitewise/aggregate.ts";
import { insideWindow, msOf, timestampOf } from "../../../simulators/src/aws/sitewise/timestamp-window.ts";
import { take } from "../../../simulators/src/aws/token-bucket.ts";
import { boxJson } from "./box-harness.ts";

describe("the window of BatchPut", () => {
  const now = 1_700_000_000_000;
  test.each([
    [{ seconds: 1_699_999_990, nanos: 0 }, true],
    [{ seconds: 1_699_999_989, nanos: 999_999_999 }, false],
    [{ seconds: 1_700_000_005, nanos: 0 }, true],
    [{ seconds: 1_700_000_005, nanos: 1 }, false],
  ])("is inclusive at both ends, to the nanosecond: %o", (time, inside) => {
    expect(insideWindow(time, now, 10_000, 5_000)).toBe(inside);
  });

  test("a time in ms and its timestamp are the same", () => {
    for (const ms of [0, 1, 999, 1_000, 1_699_999_999_999]) expect(msOf(timestampOf(ms))).toBe(ms);
  });
});

describe("a token bucket", () => {
  test("starts full, gives what it has, and fills with its clock up to one second's worth", () => {
    const first = take(undefined, 10, 10, 0);
    expect(first).toEqual({ tokens: 0, at: 0 });
    expect(take(first, 10, 1, 99)).toBeUndefined();
    expect(take(first, 10, 1, 100)?.tokens).toBe(0);
    expect(take(first, 10, 10, 60_000)?.tokens).toBe(0);
    expect(take(first, 10, 11, 60_000)).toBeUndefined();
  });

  test("a clock that is set back neither fills nor empties it", () => {
    expect(take({ tokens: 5, at: 1_000 }, 10, 5, 0)).toEqual({ tokens: 0, at: 0 });
    expect(take({ tokens: 5, at: 1_000 }, 10, 6, 0)).toBeUndefined();
  });
});

describe("evaluateOnExit", () => {
  test("a glob is the whole text, or its beginning before an asterisk", () => {
    expect([
      matchesGlob("137", "137"),
      matchesGlob("13", "137"),
      matchesGlob("13*", "137"),
      matchesGlob("*", ""),
    ]).toEqual([true, false, true, true]);
  });

  test("the first condition of which all parts match decides; when none does, the job is tried again", () => {
    const strategy = {
      attempts: 3,
      evaluateOnExit: [
        { onStatusReason: "Host EC2*", action: "RETRY" },
        { onExitCode: "1", onReason: "Out*", action: "EXIT" },
        { onExitCode: "2", action: "EXIT" },
      ],
    } as const;
    expect(retries(strategy, 1, { statusReason: "Host EC2 (instance) terminated." })).toBe(true);
    expect(retries(strategy, 1, { exitCode: 1 })).toBe(true);
    expect(retries(strategy, 1, { exitCode: 1, reason: "OutOfMemory" })).toBe(false);
    expect(retries(strategy, 1, { exitCode: 2 })).toBe(false);
    expect(retries(strategy, 3, { exitCode: 9 })).toBe(false);
  });
});

describe("the states of a job", () => {
  const attempt = (cause: EndCause, exitCode?: number): Attempt => ({
    cause,
    startedAt: 0,
    stoppedAt: 1,
    ...(exitCode !== undefined && { exitCode }),
  });
  test.each([
    ["ends with 0", attempt("exited", 0), "SUCCEEDED"],
    ["ends with 1", attempt("exited", 1), "RUNNABLE"],
    ["loses its host", attempt("host-lost"), "RUNNABLE"],
    ["does not start", attempt("not-started"), "RUNNABLE"],
    ["runs out of time", attempt("timed-out", 143), "FAILED"],
    ["is terminated", attempt("terminated", 0), "FAILED"],
  ])("an attempt that %s", (_name, end, state) => {
    expect(afterAttempt(end, 1, { attempts: 2 })).toBe(state);
    expect(afterAttempt(end, 2, { attempts: 2 })).toBe(state === "RUNNABLE" ? "FAILED" : state);
  });

  test("an array job waits for all its children and fails with one of them", () => {
    expect([
      arrayState({ SUCCEEDED: 2 }, 3),
      arrayState({ FAILED: 2 }, 3),
      arrayState({ SUCCEEDED: 3 }, 3),
      arrayState({ SUCCEEDED: 2, FAILED: 1 }, 3),
    ]).toEqual(["PENDING", "PENDING", "SUCCEEDED", "FAILED"]);
  });

  test("a reference in a command becomes its parameter, only as a whole word", () => {
    expect(
      substitute(["--asset", "Ref::asset", "x-Ref::asset", "Ref::none", "Ref::toString"], { asset: "a" }),
    ).toEqual(["--asset", "a", "x-Ref::asset", "Ref::none", "Ref::toString"]);
  });
});

test.each([
  ["a/b", "a/b", true],
  ["a/+", "a/b", true],
  ["a/+", "a/+", true],
  ["a/b", "a/+", false],
  ["a/+", "a/#", false],
  ["a/#", "a/+/c", true],
  ["a/#", "a", true],
  ["a/+", "a/b/c", false],
  ["a/+/c", "a/b", false],
  ["#", "$aws/#", true],
])("the filter %s covers %s: %s", (allowed, asked, covered) => {
  expect(coversFilter(allowed, asked)).toBe(covered);
});

describe("the replay pool", () => {
  const run = (seed: number, copies: number, messages: number): number[] => {
    const dice = seededDice(seed);
    let pool = emptyPool<number>(copies);
    const out: number[] = [];
    for (let i = 0; i < messages; i += 1) {
      const entered = enter(pool, i, dice);
      const settled = i % 7 === 0 ? settle(entered.pool, dice) : { pool: entered.pool, out: [] };
      pool = settled.pool;
      out.push(...entered.out, ...settled.out);
      expect(pool.waiting.length).toBeLessThanOrEqual(MIX);
      if (i % 7 === 0) expect(new Set(out).size).toBe(i + 1);
    }
    return [...out, ...drain(pool, dice).out];
  };

  test("gives every message its number of copies, once settled each at least once, and keeps no more than its size", () => {
    for (const copies of [1, 2, 3, 5]) {
      const out = run(copies, copies, 200);
      for (let i = 0; i < 200; i += 1) expect(out.filter((each) => each === i)).toHaveLength(copies);
    }
  });

  test("brings older messages after newer ones, the same way for the same seed", () => {
    const out = run(11, 3, 100);
    expect(out.some((each, i) => i > 0 && each < (out[i - 1] ?? 0))).toBe(true);
    expect(run(11, 3, 100)).toEqual(out);
    expect(run(12, 3, 100)).not.toEqual(out);
  });
});

describe("aws-chunked", () => {
  test("is undone, trailers and all", () => {
    const found = unchunk(Buffer.from("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n"));
    expect([found?.body.toString(), [...(found?.trailers ?? [])]]).toEqual([
      "abcde",
      [["x-amz-checksum-crc32", "AAAA"]],
    ]);
  });

  test.each([
    "",
    "abc",
    "5\r\nabc\r\n0\r\n\r\n",
    "3\r\nabcX\r\n0\r\n\r\n",
    "z\r\nabc\r\n0\r\n\r\n",
    "3\r\nabc\r\n",
  ])("a broken frame is not: %j", (framed) => {
    expect(unchunk(Buffer.from(framed))).toBeUndefined();
  });
});

describe("S3's conditions", () => {
  const current = { etag: '"e"', modified: 10_500 };
  const headers = (entries: Record<string, string>): Map<string, string> => new Map(Object.entries(entries));
  const http = (ms: number): string => new Date(ms).toUTCString();
  test.each([
    [{}, "proceed"],
    [{ "if-match": '"e"' }, "proceed"],
    [{ "if-match": "e" }, "proceed"],
    [{ "if-match": '"x", "e"' }, "proceed"],
    [{ "if-match": '"x"' }, "precondition-failed"],
    [{ "if-none-match": "*" }, "not-modified"],
    [{ "if-none-match": '"x"' }, "proceed"],
    [{ "if-modified-since": http(10_000) }, "not-modified"],
    [{ "if-modified-since": http(9_000) }, "proceed"],
    [{ "if-unmodified-since": http(10_000) }, "proceed"],
    [{ "if-unmodified-since": http(9_000) }, "precondition-failed"],
    [{ "if-match": '"e"', "if-unmodified-since": http(9_000) }, "proceed"],
  ])("a read with %o", (given, verdict) => {
    expect(judgeRead(headers(given), current)).toBe(verdict);
  });

  test.each([
    [{}, undefined, "proceed"],
    [{ "if-none-match": "*" }, undefined, "proceed"],
    [{ "if-none-match": "*" }, current, "precondition-failed"],
    [{ "if-none-match": '"e"' }, current, "not-implemented"],
    [{ "if-match": '"e"' }, current, "proceed"],
    [{ "if-match": '"x"' }, current, "precondition-failed"],
    [{ "if-match": '"e"' }, undefined, "no-such-key"],
  ] as const)("a write with %o over %o", (given, before, verdict) => {
    expect(judgeWrite(headers(given), before)).toBe(verdict);
  });
});

test("the depth of JSON is read without being fooled by strings", () => {
  expect([
    jsonDepth(Buffer.from('{"a":[1,"[[["]}')),
    jsonDepth(Buffer.from('"\\"[["')),
    jsonDepth(Buffer.from("1")),
  ]).toEqual([2, 0, 0]);
  expect(parseJson(Buffer.from("[[[]]]"), 2)).toMatchObject({ ok: false });
  expect(parseJson(Buffer.from("[[]]"), 2)).toEqual({ ok: true, value: [[]] });
});

test("aggregates of a window that holds its end", () => {
  expect([windowEnd(60_000, 60_000), windowEnd(60_001, 60_000), windowEnd(59_999.5, 60_000)]).toEqual([
    60_000, 120_000, 60_000,
  ]);
  expect(aggregate("STANDARD_DEVIATION", [2, 4, 4, 4, 5, 5, 7, 9])).toBe(2);
});

describe("the configuration", () => {
  test("has defaults for all that may be left out", () => {
    const config = readBoxConfig({
      dataDir: "d",
      httpPort: 0,
      credentials: [{ accessKeyId: "AKIA000000000000", secretAccessKey: "s", name: "n" }],
    });
    expect([config.host, config.mqttPort, config.region, config.quotas.entriesPerPut]).toEqual([
      "127.0.0.1",
      0,
      "eu-central-1",
      10,
    ]);
  });

  test("tells every fault at once, with what was given, and no secret", () => {
    const bad = {
      ...boxJson("/tmp"),
      httpPort: 70_000,
      credentials: [{ accessKeyId: "short", secretAccessKey: 12_345, name: "n" }],
      replay: { copies: 0, seed: 1 },
      quotas: { everything: 1 },
      colour: "blue",
    };
    const error = (() => {
      try {
        return readBoxConfig(bad);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(FaultsError);
    const { faults, message } = error as FaultsError;
    expect(faults.map(({ path }) => path).sort()).toEqual([
      "colour",
      "credentials.1.member.accessKeyId",
      "credentials.1.member.secretAccessKey",
      "httpPort",
      "quotas.everything",
      "replay.copies",
    ]);
    expect(message).toContain("httpPort: 70000");
    expect(message).not.toContain("12345");
  });

  test("a thing needs its name, another role has none, a user name is given once", () => {
    const users = [
      { username: "a", password: "p", role: "thing" },
      { username: "a", password: "p", role: "ingest", thing: "gw-1" },
      { username: "c", password: "p", role: "thing", thing: "gw/1" },
    ];
    expect(() => readBoxConfig({ ...boxJson("/tmp"), mqttUsers: users })).toThrow(/4 faults/);
  });
});

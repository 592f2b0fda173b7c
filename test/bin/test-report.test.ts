import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { count, notRun, summary } from "../../bin/test-report.mjs";

const report = (over: object = {}): object => ({
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...over,
});

describe("the last line of the test command", () => {
  test("counts what passed, failed and was skipped", () => {
    const counted = count(report({ numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 }), 1);
    expect(summary(counted)).toBe("2 skipped\n5 passed, 2 failed");
    expect(summary(count(report(), 0))).toBe("5 passed, 0 failed");
  });

  test("counts a file that could not be loaded as a failure, though it has no test", () => {
    const testResults = [{ name: "a.test.ts", status: "failed", assertionResults: [] }];
    expect(summary(count(report({ testResults }), 1))).toBe("5 passed, 1 failed");
  });

  test("counts a run that ended badly without a failed test as a failure", () => {
    expect(summary(count(report(), 1))).toBe("5 passed, 1 failed");
  });

  test("counts a run without a test, and one without a report, as a failure", () => {
    expect(summary(count(report({ numPassedTests: 0, numPendingTests: 3 }), 0))).toBe(
      "3 skipped\n0 passed, 1 failed",
    );
    expect(summary(count(undefined, 1))).toBe("0 passed, 1 failed");
  });
});

describe("what did not run", () => {
  const listed = (content: string, fullName: string): string[] => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-report-"));
    const name = path.join(folder, "some.test.ts");
    writeFileSync(name, content);
    try {
      const assertionResults = [
        { status: "passed", fullName: "a" },
        { status: "skipped", fullName },
      ];
      return notRun(report({ testResults: [{ name, status: "passed", assertionResults }] }), folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

  test("is told by name with the one command that would enable it", () => {
    expect(listed("", "a broker [needs mosquitto]")).toEqual([
      "not run: some.test.ts (1 of 2 tests): needs mosquitto; enable with: sudo apt-get install -y mosquitto",
    ]);
    expect(listed('isInstalled("mosquitto")', "a full disk")).toEqual([
      "not run: some.test.ts (1 of 2 tests): needs mosquitto; enable with: sudo apt-get install -y mosquitto",
    ]);
    expect(listed("PLUMBLINE_TEST_DATA", "the published file")[0]).toMatch(/needs the reference data/);
  });

  test("is told even when the suite does not say what it lacks", () => {
    expect(listed("", "something")).toEqual([
      "not run: some.test.ts (1 of 2 tests): skipped by the suite itself",
    ]);
  });
});

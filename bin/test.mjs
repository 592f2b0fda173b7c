#!/usr/bin/env node
/**
 * The test command: gets the checkout ready, runs the suites, says what did not run and why. The last line of its
 * output is `N passed, N failed`, counted from vitest's own report.
 *
 *   node bin/test.mjs [--long] [vitest filters …]
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT, STATE, setup } from "./setup.mjs";
import { installPrograms, pathWithSbin } from "./system-programs.mjs";
import { count, notRun, summary } from "./test-report.mjs";

function runVitest(long, filters) {
  const reportFile = path.join(STATE, `test-report-${process.pid}.json`);
  // Tests and what they start write to a folder of this run, which goes with it: fixtures, databases, secrets.
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "plumbline-tests-"));
  const { status } = spawnSync(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${reportFile}`,
      ...filters,
    ],
    {
      cwd: ROOT,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        PATH: pathWithSbin(),
        PLUMBLINE_PROFILE: long ? "long" : "short",
        TMPDIR: scratch,
      },
    },
  );
  fs.rmSync(scratch, { recursive: true, force: true });
  const report = fs.existsSync(reportFile) ? JSON.parse(fs.readFileSync(reportFile, "utf8")) : undefined;
  fs.rmSync(reportFile, { force: true });
  return { report, status: status ?? 1 };
}

function main(args) {
  const long = args.includes("--long");
  const filters = args.filter((arg) => arg !== "--long");
  try {
    setup();
  } catch (error) {
    process.stdout.write(
      `the checkout could not be made ready: ${error.message}\n${summary(count(undefined, 1))}\n`,
    );
    return 1;
  }
  installPrograms(STATE);
  const { report, status } = runVitest(long, filters);
  const counted = count(report, status);
  const lines = [...notRun(report, ROOT), summary(counted)];
  process.stdout.write(`\n${lines.join("\n")}\n`);
  return counted.failed === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));

/** Reads vitest's JSON report: what was counted, and what did not run with the command that would enable it. */
import * as fs from "node:fs";
import path from "node:path";

/**
 * Passed, failed and skipped tests. A file that could not be loaded has no tests but is a failure, and so is a run that
 * ended badly though no test failed (an unhandled rejection), and one that ran no test at all.
 */
export function count(report, exitCode) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + unloaded;
  if (failed === 0 && (exitCode !== 0 || passed === 0)) return { passed, failed: 1, skipped };
  return { passed, failed, skipped };
}

export const summary = ({ passed, failed, skipped }) =>
  `${skipped > 0 ? `${skipped} skipped\n` : ""}${passed} passed, ${failed} failed`;

/** What a suite may lack, how its file shows it, and the one command that would provide it. */
const NEEDS = [
  { what: "mosquitto", sign: /mosquitto/, enable: "sudo apt-get install -y mosquitto" },
  { what: "root", sign: /\bmount\b|tmpfs/, enable: "sudo npm test -- disk-full" },
  { what: "Linux (/proc)", sign: /\/proc/, enable: "run on Linux: npm test -- loop" },
  {
    what: "the reference data",
    sign: /PLUMBLINE_TEST_DATA|support\/(test-)?data/,
    enable: "PLUMBLINE_TEST_DATA=<folder with the reference data> npm test",
  },
];

function needOf(file, titles) {
  const named = NEEDS.find(({ sign }) => titles.some((title) => sign.test(title)));
  return named ?? NEEDS.find(({ sign }) => sign.test(fs.readFileSync(file, "utf8")));
}

/** One line per file with skipped tests: `test/…: 3 of 9 not run (needs mosquitto): sudo apt-get install …`. */
export function notRun(report, root) {
  return (report?.testResults ?? []).flatMap(({ name, assertionResults }) => {
    const titles = assertionResults
      .filter(({ status }) => status !== "passed" && status !== "failed")
      .map(({ fullName }) => fullName);
    if (titles.length === 0) return [];
    const need = needOf(name, titles);
    const why = need ? `needs ${need.what}; enable with: ${need.enable}` : "skipped by the suite itself";
    return [
      `not run: ${path.relative(root, name)} (${titles.length} of ${assertionResults.length} tests): ${why}`,
    ];
  });
}

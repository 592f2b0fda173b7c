import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";

const bench = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [path.join(import.meta.dirname, "main.mjs"), ...args], {
    encoding: "utf8",
    cwd: "/",
  });

describe("npm run bench", () => {
  test("--only runs one row, and --json repeats it as data", () => {
    const { status, stdout } = bench("--only", "wire-bytes", "--json");
    expect(status).toBe(0);
    const [head, rule, row, json] = stdout.trim().split("\n");
    expect(head).toBe("| benchmark | value | baseline | ratio | promised | holds |");
    expect(rule).toMatch(/^\|(---\|){6}$/);
    expect(row).toMatch(/^\| wire-bytes \| [\d.]+ bytes\/reading \| \d+ \| 0\.\d+ \| ≤ 0\.02 \| yes \|$/);
    expect(JSON.parse(json ?? "")).toMatchObject([{ name: "wire-bytes", holds: true, better: "lower" }]);
  });

  test("refuses a row it does not have, and lists those it has", () => {
    const { status, stdout, stderr } = bench("--only", "nothing");
    expect({ status, stdout }).toEqual({ status: 64, stdout: "" });
    for (const name of [
      "two-state-filter",
      "unscented-step",
      "particle-filter",
      "nile-likelihood-fit",
      "peer",
    ])
      expect(stderr).toContain(name);
  });
});

#!/usr/bin/env node
/**
 * Everything that can be said of the code without running it, cheapest first. Every tool runs even when an earlier one
 * fails, so that one call tells all there is to mend.
 */
import { spawnSync } from "node:child_process";
import { ROOT, setup, WORKSPACES } from "./setup.mjs";

const node = (script, ...args) => [process.execPath, [`node_modules/${script}`, ...args]];

const TOOLS = [
  [
    "biome (format, lint)",
    node("@biomejs/biome/bin/biome", "check", "--error-on-warnings", "--max-diagnostics=40", "."),
  ],
  ["tsc -b (workspaces)", node("typescript/bin/tsc", "-b")],
  ["tsc -p test", node("typescript/bin/tsc", "-p", "test")],
  ["eslint (typed rules)", node("eslint/bin/eslint.js", "--max-warnings=0", ".")],
  ["knip (dead code)", node("knip/bin/knip.js", "--no-progress", "--no-config-hints")],
  [
    "dependency-cruiser (who may know whom)",
    node(
      "dependency-cruiser/bin/dependency-cruise.mjs",
      "--config",
      ".dependency-cruiser.cjs",
      ...WORKSPACES,
      "bin",
      "test",
    ),
  ],
  ["typedoc (links in doc comments)", node("typedoc/bin/typedoc", "--options", ".config/typedoc.json")],
];

function check([name, [command, args]]) {
  const started = Date.now();
  const result = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 });
  const ok = result.status === 0;
  process.stdout.write(
    `${ok ? "ok    " : "FAILED"}  ${name}  ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
  );
  if (!ok)
    process.stdout.write(`${result.error?.message ?? ""}${result.stdout ?? ""}${result.stderr ?? ""}\n`);
  return ok;
}

try {
  setup({ build: false });
  const failed = TOOLS.map((tool) => ({ name: tool[0], ok: check(tool) })).filter(({ ok }) => !ok);
  const told = failed.map(({ name }) => name).join("; ");
  process.stdout.write(
    failed.length === 0
      ? "all checks passed\n"
      : `${failed.length} of ${TOOLS.length} checks failed: ${told}\n`,
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
} catch (error) {
  process.stdout.write(`the checkout could not be made ready: ${error.message}\n`);
  process.exitCode = 1;
}

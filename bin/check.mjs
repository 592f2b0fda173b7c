#!/usr/bin/env node
/**
 * Everything that can be said of the code without running it, Every tool runs even when an earlier one
 * fails, so that one call tells all there is to mend.
 */
import { spawn } from "node:child_process";
import { ROOT, setup, WORKSPACES } from "./setup.mjs";

const node = (script, ...args) => [process.execPath, [`node_modules/${script}`, ...args]];

const SLOWEST = "eslint (typed rules)";
const TOOLS = [
  [
    "biome (format, lint)",
    node("@biomejs/biome/bin/biome", "check", "--error-on-warnings", "--max-diagnostics=40", "."),
  ],
  ["tsc -b (workspaces)", node("typescript/bin/tsc", "-b")],
  ["tsc -p test", node("typescript/bin/tsc", "-p", "test")],
  [SLOWEST, node("eslint/bin/eslint.js", "--max-warnings=0", ".")],
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

/** Runs one tool and tells how it went; what it printed is shown only when it failed. */
function check([name, [command, args]]) {
  const started = Date.now();
  const output = [];
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
    child.on("error", (error) => output.push(Buffer.from(error.message)));
    child.on("close", (code) => {
      const ok = code === 0;
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      process.stdout.write(`${ok ? "ok    " : "FAILED"}  ${name}  ${seconds} s\n`);
      if (!ok) process.stdout.write(`${Buffer.concat(output)}\n`);
      resolve({ name, ok });
    });
  });
}

async function main() {
  setup({ build: false });
  const slowest = TOOLS.filter(([name]) => name === SLOWEST);
  const others = TOOLS.filter(([name]) => name !== SLOWEST);
  const inTurn = async (tools) => {
    const results = [];
    for (const tool of tools) results.push(await check(tool));
    return results;
  };
  // Two cores: the slowest has one to itself.
  const results = (await Promise.all([inTurn(slowest), inTurn(others)])).flat();
  const failed = results.filter(({ ok }) => !ok).map(({ name }) => name);
  const verdict = `${failed.length} of ${TOOLS.length} checks failed: ${failed.join("; ")}`;
  process.stdout.write(`${failed.length === 0 ? "all checks passed" : verdict}\n`);
  return failed.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stdout.write(`the checkout could not be made ready: ${error.message}\n`);
  process.exitCode = 1;
}

#!/usr/bin/env node
/** Bundles the benchmarks from source and runs them: `npm run bench [-- --only NAME] [-- --json]`. */
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { installPeers } from "../../bin/system-programs.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const state = path.join(here, "../../.plumbline");
const out = path.join(state, "bench.mjs");
// Rows start programs by paths from the repository's root.
process.chdir(path.join(here, "../.."));
const [option, only = "peer"] = process.argv.slice(2);
if (option !== "--help" && (option !== "--only" || only.startsWith("peer"))) installPeers(state);
await build({
  entryPoints: [path.join(here, "bench.ts")],
  outfile: out,
  bundle: true,
  platform: "node",
  format: "esm",
  conditions: ["source"],
  external: ["better-sqlite3"],
  logLevel: "error",
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  },
});
await import(pathToFileURL(out).href);

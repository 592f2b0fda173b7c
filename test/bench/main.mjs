#!/usr/bin/env node
/** Bundles the benchmarks from source and runs them: `npm run bench [-- --only NAME] [-- --json]`. */
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, "../../.plumbline/bench.mjs");
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

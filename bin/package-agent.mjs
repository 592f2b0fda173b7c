#!/usr/bin/env node
/**
 * Packs the edge agent for Greengrass: one folder and one zip for an architecture, and the recipe filled in.
 *
 *   node bin/package-agent.mjs --out build [--arch x64|arm64] [--version 0.1.0] [--bucket my-artifacts]
 *                              [--better-sqlite3 better_sqlite3.node]
 *
 * JavaScript is bundled; the two native binaries go beside it. better-sqlite3 is compiled for one platform and one Node
 * ABI: for another architecture give the binary that was built there.
 */
import * as fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { zipSync } from "fflate";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const AGENT = path.join(ROOT, "edge-agent/src");
const RECIPE = path.join(ROOT, "greengrass-recipes/com.plumbline.EdgeAgent.json");
/** What better-sqlite3 needs at run time, and nothing of its C sources. */
const SQLITE_FILES = [
  ["better-sqlite3", ["package.json", "lib", "LICENSE"]],
  ["bindings", ["package.json", "bindings.js", "LICENSE.md"]],
  ["file-uri-to-path", ["package.json", "index.js", "LICENSE"]],
];
/**
 * Bundled CommonJS still asks for require; the CRT looks for its binary beside a package that is no longer there. The
 * names are unusual because a bundled module may call its own variable `URL` or `path`.
 */
const BANNER = `
import { createRequire as plumblineRequire } from "node:module";
import { dirname as plumblineFolder, join as plumblineJoin } from "node:path";
import { fileURLToPath as plumblineFile } from "node:url";
const require = plumblineRequire(import.meta.url);
const __filename = plumblineFile(import.meta.url);
const __dirname = plumblineFolder(__filename);
globalThis.process.env.AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH ??= plumblineJoin(__dirname, "aws-crt-nodejs.node");
`.replaceAll("\n", " ");

function readOptions() {
  const { values } = parseArgs({
    options: {
      out: { type: "string" },
      arch: { type: "string", default: process.arch },
      version: { type: "string" },
      bucket: { type: "string", default: "BUCKET" },
      "better-sqlite3": { type: "string" },
    },
  });
  if (!values.out) throw new Error("--out is missing: the folder to write to, such as --out build");
  if (values.arch !== "x64" && values.arch !== "arm64") {
    throw new Error(`--arch is ${JSON.stringify(values.arch)}: use x64 or arm64`);
  }
  const version =
    values.version ?? JSON.parse(fs.readFileSync(path.join(ROOT, "edge-agent/package.json"), "utf8")).version;
  return { ...values, version };
}

/** main.ts, and every file that is started as a worker: threads load a file of their own. */
function entryPoints() {
  const workers = fs
    .readdirSync(AGENT, { recursive: true })
    .filter((name) => /(^|[-/])worker\.ts$/.test(name))
    .map((name) => path.join(AGENT, name));
  return [path.join(AGENT, "main.ts"), ...workers];
}

async function bundle(folder) {
  await build({
    // Laid out as the sources are, so that a worker named relative to main.ts is found relative to main.js too.
    entryPoints: entryPoints(),
    outbase: AGENT,
    outdir: folder,
    bundle: true,
    // Not split: an imported chunk of CommonJS would have lost its named exports.
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["source", "module"],
    mainFields: ["module", "main"],
    external: ["better-sqlite3"],
    banner: { js: BANNER },
    sourcemap: false,
    legalComments: "linked",
    logLevel: "error",
  });
}

function copySqlite(folder, { arch, "better-sqlite3": given }) {
  for (const [name, files] of SQLITE_FILES) {
    for (const file of files) {
      const from = path.join(ROOT, "node_modules", name, file);
      if (fs.existsSync(from))
        fs.cpSync(from, path.join(folder, "node_modules", name, file), { recursive: true });
    }
  }
  const built = path.join(ROOT, "node_modules/better-sqlite3/build/Release/better_sqlite3.node");
  if (given === undefined && arch !== process.arch) {
    throw new Error(
      `this machine is ${process.arch}: build better-sqlite3 on a linux/${arch} machine with the gateway's Node and give it with --better-sqlite3`,
    );
  }
  const to = path.join(folder, "node_modules/better-sqlite3/build/Release/better_sqlite3.node");
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.copyFileSync(given ?? built, to);
}

function copyCrt(folder, arch) {
  const from = path.join(ROOT, `node_modules/aws-crt/dist/bin/linux-${arch}-glibc/aws-crt-nodejs.node`);
  fs.copyFileSync(from, path.join(folder, "aws-crt-nodejs.node"));
}

/** Every file below a folder by its path in the zip. The time is fixed: the same sources make the same bytes. */
function zipOf(folder) {
  const mtime = new Date(2000, 0, 1);
  const names = fs
    .readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => fs.statSync(path.join(folder, name)).isFile())
    .sort();
  const entries = names.map((name) => [
    name.replaceAll(path.sep, "/"),
    [fs.readFileSync(path.join(folder, name)), { mtime }],
  ]);
  return zipSync(Object.fromEntries(entries), { level: 9 });
}

/** The recipe with bucket and version filled in, under the name that a local deployment wants. */
function writeRecipe(out, { version, bucket }) {
  const template = fs.readFileSync(RECIPE, "utf8");
  const shipped = JSON.parse(template).ComponentVersion;
  const filled = template.replaceAll(shipped, version).replaceAll("BUCKET", bucket);
  const file = path.join(out, `com.plumbline.EdgeAgent-${version}.json`);
  fs.writeFileSync(file, filled);
  return file;
}

async function main() {
  const options = readOptions();
  const out = path.resolve(options.out);
  const folder = path.join(out, `edge-agent-${options.arch}`);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  await bundle(folder);
  copySqlite(folder, options);
  copyCrt(folder, options.arch);
  const manifest = { name: "plumbline-edge-agent", version: options.version, type: "module", private: true };
  fs.writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const zip = zipOf(folder);
  fs.writeFileSync(`${folder}.zip`, zip);
  const recipe = writeRecipe(out, options);
  process.stdout.write(
    `${folder}.zip: ${(zip.length / 1e6).toFixed(1)} MB, Node ABI ${process.versions.modules}\n${recipe}\n`,
  );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`package-agent: ${error.message}\n`);
  process.exitCode = 1;
}

import { parseArgs } from "node:util";
import { durable } from "./durable.ts";
import { preFilter } from "./pre-filter.ts";
import { recalibration } from "./recalibration.ts";
import type { Bench, BenchRow } from "./row.ts";
import { wireBytes } from "./wire-bytes.ts";

const BENCHES: readonly Bench[] = [preFilter, durable, wireBytes, recalibration];

const USAGE = `Usage: npm run bench [-- --only NAME] [-- --json]
names: ${BENCHES.map(({ name }) => name).join(", ")}
`;
const options = { json: { type: "boolean" }, only: { type: "string" }, help: { type: "boolean" } } as const;

function readArguments(): { json?: boolean; only?: string; help?: boolean } {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return process.exit(64);
  }
}

const values = readArguments();
if (values.help === true) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const chosen = BENCHES.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0) {
  process.stderr.write(
    `no benchmark is called ${values.only}\n  → one of ${BENCHES.map(({ name }) => name).join(", ")}\n`,
  );
  process.exit(64);
}

const rows: BenchRow[] = [];
for (const { run } of chosen) rows.push(await run());

const digits = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
process.stdout.write(
  "| benchmark | value | baseline | ratio | promised | holds |\n|---|---|---|---|---|---|\n",
);
for (const { name, value, unit, baseline, ratio, better, target, holds, skipped } of rows) {
  const verdict = skipped === undefined ? (holds ? "yes" : "NO") : `skipped: ${skipped}`;
  process.stdout.write(
    `| ${name} | ${digits(value)} ${unit} | ${digits(baseline)} | ${ratio.toPrecision(3)} | ${better === "higher" ? "≥" : "≤"} ${target} | ${verdict} |\n`,
  );
}
if (values.json === true) process.stdout.write(`${JSON.stringify(rows)}\n`);

import { parseArgs } from "node:util";
import { durable } from "./durable.ts";
import { nileLikelihoodFit } from "./nile-likelihood-fit.ts";
import { particleFilter } from "./particle-filter.ts";
import { ensemblePeers } from "./peers/ensemble.ts";
import { kalmanPeers } from "./peers/kalman.ts";
import { numericsPeers } from "./peers/numerics.ts";
import { particlePeers } from "./peers/particles.ts";
import { structuralPeers } from "./peers/structural.ts";
import { unscentedPeers } from "./peers/unscented.ts";
import { walkerPeers } from "./peers/walkers.ts";
import { preFilter } from "./pre-filter.ts";
import { recalibration } from "./recalibration.ts";
import type { Bench, BenchRow } from "./row.ts";
import { twoStateFilter } from "./two-state-filter.ts";
import { unscentedStep } from "./unscented-step.ts";
import { wireBytes } from "./wire-bytes.ts";

const BENCHES: readonly Bench[] = [
  preFilter,
  durable,
  wireBytes,
  recalibration,
  twoStateFilter,
  unscentedStep,
  particleFilter,
  nileLikelihoodFit,
  ...kalmanPeers,
  ...structuralPeers,
  ...unscentedPeers,
  ...ensemblePeers,
  ...particlePeers,
  ...numericsPeers,
  ...walkerPeers,
];

const LISTED = `${BENCHES.map(({ name }) => name).join(", ")}; "peer" for all of its rows`;
const USAGE = `Usage: npm run bench [-- --only NAME] [-- --json]
names: ${LISTED}
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
const chosen = BENCHES.filter(
  ({ name }) => values.only === undefined || name === values.only || name.startsWith(`${values.only}:`),
);
if (chosen.length === 0) {
  process.stderr.write(`no benchmark is called ${values.only}\n  → one of ${LISTED}\n`);
  process.exit(64);
}

const digits = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
function cells({
  name,
  value,
  unit,
  baseline,
  ratio,
  better,
  target,
  holds,
  skipped,
  fault,
}: BenchRow): string[] {
  if (skipped !== undefined) return [name, "–", "–", "–", "–", `skipped: ${skipped}`];
  const verdict = holds ? "yes" : `NO${fault === undefined ? "" : `: ${fault}`}`;
  const promised = `${better === "higher" ? "≥" : "≤"} ${target}`;
  return [name, `${digits(value)} ${unit}`, digits(baseline), ratio.toPrecision(3), promised, verdict];
}

process.stdout.write(
  "| benchmark | value | baseline | ratio | promised | holds |\n|---|---|---|---|---|---|\n",
);
const rows: BenchRow[] = [];
for (const { run } of chosen) {
  const row = await run();
  rows.push(row);
  process.stdout.write(`| ${cells(row).join(" | ")} |\n`);
}
if (values.json === true) process.stdout.write(`${JSON.stringify(rows)}\n`);

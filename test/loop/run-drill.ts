import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");

export interface DrillRun {
  readonly result: {
    readonly alarmDay: number | null;
    readonly falseAlarms: number;
    readonly rmse: Record<string, number>;
    readonly rmseInForce: Record<string, number>;
    readonly coverage90: Record<string, number>;
    readonly score90: Record<string, number>;
    readonly recalibrations: {
      readonly run: number;
      readonly accepted: number;
      readonly rejected: number;
      readonly waited: number;
    };
    readonly commits: number;
    readonly refused: readonly { readonly row: number; readonly reason: string }[];
    readonly readings: number;
    readonly bytesPerReading: number;
    readonly final: Record<
      string,
      { readonly mean: number; readonly lower90: number; readonly upper90: number }
    >;
    readonly digest: string;
  };
  readonly log: readonly string[];
}

/** `plumbline drill web-line …`, as a user starts it; gives its JSON and its log. */
export async function runDrill(logFile: string, ...args: string[]): Promise<DrillRun> {
  const child = spawn(
    process.execPath,
    [path.join(ROOT, "simulators/dist/main.js"), "drill", "web-line", "--json", "--log", logFile, ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0)
    throw new Error(`the drill ended with ${code}: ${Buffer.concat(err).toString().slice(-1_500)}`);
  const last = Buffer.concat(out).toString().trimEnd().split("\n").at(-1) ?? "";
  return {
    result: JSON.parse(last) as DrillRun["result"],
    log: readFileSync(logFile, "utf8").trimEnd().split("\n"),
  };
}

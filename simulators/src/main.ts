import { existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { TwinError } from "@plumbline/twin/errors";
import { Command, InvalidArgumentError } from "commander";
import { killAll } from "./drill/child.ts";
import { demo, THIRTY_DAYS } from "./drill/demo.ts";
import { printed } from "./drill/scoreboard.ts";
import { everydayScenario, scenarioFrom, simulate } from "./drill/simulate.ts";
import { webLineDrill } from "./drill/web-line-drill.ts";
import { SIGNALS } from "./scenario/scenario.ts";

/** The technician's commands. Exit codes: 0 done; 1 the loop did not close, or something failed; 64 wrong arguments; 130 interrupted. */
const FAILED = 1;
const USAGE = 64;
const INTERRUPTED = 130;
/** Codes of errors that another command line would mend. */
const USAGE_CODES = new Set(["UNKNOWN_TWIN", "BAD_SCENARIO", "DATA_FILE_HEADER", "DATA_FILE_CELL"]);

const whole = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw new InvalidArgumentError("expected a whole number from 0 to 4294967295, such as 7");
};
const copies = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw new InvalidArgumentError("expected a whole number from 1 to 100, such as 3");
};
const port = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value < 65_536) return value;
  throw new InvalidArgumentError("expected a port from 0 (any free one) to 65535");
};
const positive = (text: string): number => {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("expected a positive number");
};
/** `speed=0.01,tension=1` */
const noise = (text: string): { speed: number; tension: number } => {
  const given = Object.fromEntries(text.split(",").map((part) => part.split("=")));
  const { speed, tension, ...rest } = { speed: "0.01", tension: "1", ...given } as Record<string, string>;
  const read = { speed: Number(speed), tension: Number(tension) };
  if (Object.keys(rest).length === 0 && read.speed >= 0 && read.tension >= 0) return read;
  throw new InvalidArgumentError("expected rad/s and N, such as speed=0.01,tension=1");
};
const sensors = (text: string): readonly string[] => {
  if (text === "all") return SIGNALS;
  if (text === "speed") return SIGNALS.filter((signal) => signal.startsWith("w"));
  throw new InvalidArgumentError(`expected "all" (nine speeds, twelve tensions) or "speed"`);
};
/** Paths are meant from where the user stands, also under npm. */
const named = (text: string): string => path.resolve(process.env["INIT_CWD"] ?? process.cwd(), text);
const existing = (text: string): string => {
  const file = named(text);
  if (existsSync(file)) return file;
  throw new InvalidArgumentError(`there is no file ${file}`);
};

/** Runs in a folder of its own, removed afterwards unless it is wanted or something failed. */
async function inFolder<T>(name: string, keep: boolean, run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), `plumbline-${name}-`));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      killAll();
      rmSync(folder, { recursive: true, force: true });
      process.exit(INTERRUPTED);
    });
  }
  try {
    const result = await run(folder);
    if (!keep) rmSync(folder, { recursive: true, force: true });
    else process.stderr.write(`kept: ${folder}\n`);
    return result;
  } catch (error) {
    process.stderr.write(`the processes' logs are in ${path.join(folder, "logs")}\n`);
    throw error;
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** @throws {TwinError} UNKNOWN_TWIN */
function onlyWebLine(twin: string): void {
  if (twin === "web-line") return;
  throw new TwinError("UNKNOWN_TWIN", `there is nothing to run for ${JSON.stringify(twin)}`, "use: web-line");
}

const program = new Command("plumbline").exitOverride((error) =>
  process.exit(error.exitCode === 0 ? 0 : USAGE),
);

program
  .command("demo")
  .description("thirty days of a web line that wears, in about two minutes: the whole loop, a process each")
  .option("--once", "end after the scoreboard (as it always does)")
  .option("--json", "the scoreboard as one JSON object, the last line of standard output")
  .option("--seed <number>", "seed of the sensors", whole, 1)
  .option("--seconds <number>", "wall seconds for the thirty days", positive, 120)
  .option("--keep", "keep the folder with configurations, logs and databases")
  .addHelpText("after", "\nExample:\n  plumbline demo --once --json --seed 7\n")
  .action(async (options: { json?: boolean; seed: number; seconds: number; keep?: boolean }) => {
    const board = await inFolder("demo", options.keep === true, (folder) =>
      demo({ folder, seed: options.seed, plot: THIRTY_DAYS, seconds: options.seconds, say }),
    );
    say(`\n${printed(board)}`);
    if (options.json === true) say(JSON.stringify(board));
    if (!board.loopClosed) process.exitCode = FAILED;
  });

program
  .command("drill")
  .description(
    "the published measurements (or simulated ones), row by row in lock-step, through the real code",
  )
  .argument("<twin>", "web-line")
  .option("--data <file>", "the published CSV file; without it the thirty days are simulated", existing)
  .option("--noise <list>", "standard deviations of the sensors", noise, { speed: 0.01, tension: 1 })
  .option("--seed <number>", "seed of the sensors' noise", whole, 1)
  .option("--sensors <which>", "all or speed", sensors, SIGNALS)
  .option("--replay <copies>", "deliver every frame so many times, in shuffled order", copies)
  .option("--log <file>", "write the event log as NDJSON", named)
  .option("--json", "the figures as one JSON object, the last line of standard output")
  .option("--keep", "keep the folder with configurations, logs and databases")
  .addHelpText(
    "after",
    "\nExample:\n  plumbline drill web-line --seed 7 --noise speed=0.01,tension=1 --log drill.ndjson --json\n",
  )
  .action(async (twin: string, options: DrillOptions) => {
    onlyWebLine(twin);
    const result = await inFolder("drill", options.keep === true, (folder) =>
      webLineDrill({
        folder,
        noise: options.noise,
        seed: options.seed,
        signals: options.sensors,
        progress,
        ...(options.data === undefined ? {} : { data: options.data }),
        ...(options.replay === undefined ? {} : { replay: options.replay }),
        ...(options.log === undefined ? {} : { log: options.log }),
      }),
    );
    if (options.json !== true) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else process.stdout.write(`${JSON.stringify(result)}\n`);
  });

program
  .command("simulate")
  .description("the plant and its broker alone, publishing over MQTT, for an agent of your own")
  .argument("<twin>", "web-line")
  .option("--scenario <file>", "a scenario as JSON: faults, outages, wear, noise", existing)
  .option("--days <number>", "length, without a scenario", positive, 1)
  .option("--rate <number>", "scenario seconds per second, without a scenario", positive, 1)
  .option("--seed <number>", "seed of the sensors, without a scenario", whole, 1)
  .option("--port <number>", "the broker's port; 0 takes a free one", port, 0)
  .addHelpText("after", "\nExample:\n  plumbline simulate web-line --days 1 --rate 3600 --port 1883\n")
  .action(async (twin: string, options: SimulateOptions) => {
    onlyWebLine(twin);
    const { scenario: file, days, seed, rate, port } = options;
    const scenario = file === undefined ? everydayScenario(days, seed, rate) : scenarioFrom(file);
    await inFolder("simulate", false, (folder) => simulate({ folder, scenario, port, say }));
  });

interface SimulateOptions {
  readonly scenario?: string;
  readonly days: number;
  readonly rate: number;
  readonly seed: number;
  readonly port: number;
}

interface DrillOptions {
  readonly data?: string;
  readonly noise: { readonly speed: number; readonly tension: number };
  readonly seed: number;
  readonly sensors: readonly string[];
  readonly replay?: number;
  readonly log?: string;
  readonly json?: boolean;
  readonly keep?: boolean;
}

function progress(row: number, of: number, day: number): void {
  if (row % 100 === 0 || row === of) process.stderr.write(`  row ${row} of ${of}, day ${day.toFixed(1)}\n`);
}

try {
  await program.parseAsync();
} catch (error) {
  const { code = "UNEXPECTED", hint } = error as { code?: string; hint?: string };
  process.stderr.write(
    `${code}: ${error instanceof Error ? error.message : String(error)}\n${hint === undefined ? "" : `  → ${hint}\n`}`,
  );
  process.exitCode = USAGE_CODES.has(code) ? USAGE : FAILED;
}

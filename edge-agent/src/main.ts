#!/usr/bin/env node
import * as path from "node:path";
import { Command, Option } from "commander";
import { examine, type Finding } from "./cabinet/doctor.ts";
import { byHand } from "./cabinet/hand-commands.ts";
import { exportOutbox, type Inspection, inspectOutbox } from "./cabinet/outbox-commands.ts";
import { type AgentConfig, decodeConfig, mergeConfig, readJson } from "./config.ts";
import { MINIMAL_CONFIG } from "./config-example.ts";
import { explain, runAgent } from "./run-agent.ts";
import { AGENT_VERSION } from "./version.ts";

/** sysexits.h, as far as they apply. */
const EXIT = { ok: 0, refused: 1, usage: 64, config: 78, fault: 70 } as const;

interface Options {
  readonly config?: string;
  readonly greengrass?: boolean;
  readonly json?: boolean;
  readonly to?: string;
}

/** The configuration file, overlaid by the Greengrass configuration when asked for. */
async function configOf({ config: file, greengrass }: Options): Promise<AgentConfig> {
  const given = file === undefined ? {} : readJson(file);
  const base = file === undefined ? process.cwd() : path.dirname(path.resolve(file));
  if (!greengrass) return decodeConfig(given, file ?? "(none)", base);
  const { greengrassConfiguration } = await import("./greengrass-config.ts");
  const fromEnvironment = { thing: process.env["AWS_IOT_THING_NAME"], stateDir: process.cwd() };
  const merged = mergeConfig(mergeConfig(fromEnvironment, given), await greengrassConfiguration());
  return decodeConfig(merged, "of the Greengrass component", base);
}

async function run(options: Options): Promise<number> {
  const stop = new Promise<string>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
  const clockFile = process.env["PLUMBLINE_SCENARIO_CLOCK"] || undefined;
  const code = await runAgent(await configOf(options), {
    clockFile,
    logLevel: process.env["PLUMBLINE_LOG_LEVEL"] || "info",
    stop,
  });
  // A start that was interrupted leaves the outbox's thread waiting for its disk: it holds nothing that is not on it.
  process.exit(code);
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function doctor(options: Options): Promise<number> {
  const findings = await examine(await configOf(options));
  const sign = { ok: "✔", warning: "!", fault: "✘" } as const;
  const line = ({ check, state, detail, next }: Finding): string =>
    `${sign[state]} ${check.padEnd(14)}${detail}${next === "" ? "" : `\n${" ".repeat(16)}→ ${next}`}`;
  print(options.json ? JSON.stringify(findings) : findings.map(line).join("\n"));
  return findings.some(({ state }) => state === "fault") ? EXIT.refused : EXIT.ok;
}

async function inspect(options: Options): Promise<number> {
  const inspection = inspectOutbox(await configOf(options));
  print(options.json ? JSON.stringify(inspection) : table(inspection));
  return inspection.check === "ok" && inspection.frames.damaged.length === 0 ? EXIT.ok : EXIT.refused;
}

function table({
  file,
  bytes,
  walBytes,
  check,
  epoch,
  sealed,
  acked,
  frames,
  oldest,
  journal,
  slots,
  rejected,
  setAside,
}: Inspection): string {
  const rows: [string, string][] = [
    ["file", `${file} (${bytes} bytes, WAL ${walBytes})`],
    ["check", check],
    ["epoch", epoch ?? "none"],
    [
      "frames",
      `${sealed} sealed, ${acked} acknowledged, ${frames.waiting} wait with ${frames.readings} readings (${frames.bytes} bytes)`,
    ],
    ["oldest", oldest === null ? "nothing waits" : new Date(oldest).toISOString()],
    ["journal", `${journal.readings} readings`],
    [
      "damaged",
      frames.damaged.length + journal.damagedRows === 0
        ? "nothing"
        : `frames ${frames.damaged.join(", ") || "none"}; ${journal.damagedRows} journal rows`,
    ],
    [
      "parameters",
      Object.entries(slots)
        .map(([name, version]) => `${name} v${version}`)
        .join(", ") || "version 0 (the definition's prior)",
    ],
    [
      "rejected",
      `${rejected.kept} kept${rejected.newest.map(({ topic, reason }) => `\n${" ".repeat(12)}${topic}: ${reason}`).join("")}`,
    ],
    ["set aside", setAside.join(", ") || "nothing"],
  ];
  return rows.map(([name, value]) => `${name.padEnd(12)}${value}`).join("\n");
}

async function exporting(options: Options): Promise<number> {
  const outcome = exportOutbox(await configOf(options), path.resolve(options.to ?? "."));
  print(
    options.json
      ? JSON.stringify(outcome)
      : `${outcome.frames} frames (${outcome.readings} readings) and ${outcome.journal} readings of the journal are in ${outcome.folder}`,
  );
  return EXIT.ok;
}

const hand =
  (action: "revert" | "resume") =>
  async (options: Options): Promise<number> => {
    const outcome = await byHand(await configOf(options), action);
    print(options.json ? JSON.stringify(outcome) : outcome.detail);
    return outcome.done ? EXIT.ok : EXIT.refused;
  };

/** A command with what every command has: configuration, --json, an example, and its exit code. */
function add(
  parent: Command,
  name: string,
  about: string,
  example: string,
  work: (options: Options) => Promise<number>,
): Command {
  return parent
    .command(name)
    .description(about)
    .addOption(new Option("--config <file>", "JSON configuration file"))
    .addOption(
      new Option("--greengrass", "take the component's Greengrass configuration, over that of the file"),
    )
    .addOption(new Option("--json", "print JSON"))
    .addHelpText("after", `\nExample:\n  ${example}`)
    .action(async (options: Options) => {
      process.exitCode = await work(options);
    });
}

const program = new Command("plumbline-agent")
  .description(
    "A digital twin's gateway: readings made durable, judged, filtered and sent; parameters tried before they are kept.",
  )
  .version(AGENT_VERSION);
program.addHelpText(
  "after",
  "\nExample:\n  plumbline-agent run --config agent.json\n\nExit codes: 0 done · 1 not done, the output says why · 64 wrong usage · 70 fault · 78 wrong configuration",
);
program.exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage));
add(
  program,
  "run",
  "run the agent until SIGTERM; JSON log lines on standard output",
  `plumbline-agent run --config agent.json

The least that agent.json must say (the token file holds the bearer token of the health endpoint):
${JSON.stringify(MINIMAL_CONFIG, null, 2)}`,
  run,
);
add(
  program,
  "doctor",
  "look at everything the agent needs, and say what to do",
  "plumbline-agent doctor --config agent.json",
  doctor,
);
add(
  program,
  "revert",
  "step back to the parameter set before this one, until a newer one comes or resume",
  "plumbline-agent revert --config agent.json",
  hand("revert"),
);
add(
  program,
  "resume",
  "put the set that was stepped back from on trial again",
  "plumbline-agent resume --config agent.json",
  hand("resume"),
);
const outbox = program.command("outbox").description("look into the store of unacknowledged readings");
add(
  outbox,
  "inspect",
  "what waits, what is damaged, what was rejected and why",
  "plumbline-agent outbox inspect --config agent.json --json",
  inspect,
);
add(
  outbox,
  "export",
  "copy everything unacknowledged into a folder",
  "plumbline-agent outbox export --config agent.json --to /media/usb",
  exporting,
).requiredOption("--to <folder>", "folder to copy to");

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = (error as { code?: string }).code === "BAD_CONFIG" ? EXIT.config : EXIT.fault;
}

#!/usr/bin/env node
/**
 * The one command of the repository. It gets the checkout ready, then starts the workspace that owns the command and
 * passes arguments, standard streams, signals and exit code through. It imports nothing of the workspaces.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT, setup } from "./setup.mjs";

const simulators = "simulators/dist/main.js";
const cloud = "cloud/dist/main.js";

/** What each command is for, and a call that can be copied. */
const COMMANDS = {
  demo: {
    entry: simulators,
    about: "thirty days of a web line in two minutes, the whole loop",
    example: "demo --once --json",
  },
  drill: {
    entry: simulators,
    about: "the published measurements (or simulated ones) through the real code",
    example: "drill web-line --seed 7 --json",
  },
  simulate: {
    entry: simulators,
    about: "the plant alone, publishing over MQTT",
    example: "simulate web-line --days 1 --rate 3600",
  },
  twin: {
    entry: cloud,
    about: "validate or describe a twin, or say what its sensors can see",
    example: "twin observability web-line",
  },
  ingest: { entry: cloud, about: "take frames from the broker into SiteWise", example: "ingest --help" },
  planner: { entry: cloud, about: "decide whose parameters are due", example: "planner --help" },
  recalibrate: {
    entry: cloud,
    about: "run one recalibration, as AWS Batch would",
    example: "recalibrate --help",
  },
  provision: {
    entry: cloud,
    about: "create the asset model and assets of a twin",
    example: "provision --help",
  },
  "public-key": {
    entry: cloud,
    about: "print the key that gateways pin",
    example: "public-key --signing-key alias/plumbline-signing",
  },
  fleet: {
    entry: cloud,
    about: "every machine: set in force, last verdict, alarms",
    example: "fleet --bucket plumbline",
  },
  events: {
    entry: cloud,
    about: "the story of one machine, a JSON line each",
    example: "events --thing gateway-1 --instance line-1 --twin web-line",
  },
  bench: {
    entry: "test/bench/main.mjs",
    about: "measure, as ratios against a baseline in the same run",
    example: "bench --only wire-bytes --json",
    own: true,
  },
};

/** sysexits.h: the command line was used wrongly. */
const USAGE = 64;

function help() {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length)) + 2;
  const lines = Object.entries(COMMANDS).map(
    ([name, { about, example }]) =>
      `  ${name.padEnd(width)}${about}\n  ${"".padEnd(width)}  plumbline ${example}`,
  );
  return [
    "Usage: plumbline <command> [options]        (from a clone: npm run plumbline -- <command> [options])",
    "",
    "A digital twin that notices when it is wrong and corrects itself.",
    "",
    ...lines,
    "",
    "plumbline <command> --help tells the options of one. The first call installs and compiles what is missing.",
    "Exit code: that of the command; 64 = no such command; 70 = the checkout could not be made ready.",
    "",
  ].join("\n");
}

/** Starts the command and becomes it, as far as a parent can. */
function become(entry, args) {
  // The SDK's versions are pinned to the ones that run on Node 20: its reminder on every start tells nothing new.
  const env = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", ...process.env };
  const child = spawn(process.execPath, [entry, ...args], { stdio: "inherit", env });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole group: the child has its own already, twice would mean "at once".
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write(`plumbline: ${entry} did not start: ${error.message}\n`);
    process.exitCode = 71;
  });
  child.on("exit", (code, signal) => {
    // A shell's convention for a child that died of a signal.
    process.exitCode = signal === null ? (code ?? 1) : 128 + os.constants.signals[signal];
  });
}

function main([name, ...rest]) {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(help());
    process.exitCode = name === undefined ? USAGE : 0;
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    process.stderr.write(`plumbline: no command ${JSON.stringify(name)}\n  → plumbline --help lists them\n`);
    process.exitCode = USAGE;
    return;
  }
  try {
    setup();
  } catch (error) {
    process.stderr.write(`plumbline: ${error.message}\n  → mend it and run the same command again\n`);
    process.exitCode = 70;
    return;
  }
  const entry = path.join(ROOT, command.entry);
  if (!fs.existsSync(entry)) {
    process.stderr.write(`plumbline: ${command.entry} is missing\n  → rm -rf .plumbline && npm run build\n`);
    process.exitCode = 70;
    return;
  }
  become(entry, command.own ? rest : [name, ...rest]);
}

main(process.argv.slice(2));

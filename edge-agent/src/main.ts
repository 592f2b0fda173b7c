#!/usr/bin/env node
import { readConfigFile } from "./config.ts";
import { explain, runAgent } from "./run-agent.ts";
const stop = new Promise<string>((resolve) => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
});
try {
  process.exitCode = await runAgent(readConfigFile(process.argv[3] ?? ""), { clockFile: process.env["PLUMBLINE_SCENARIO_CLOCK"], logLevel: process.env["PLUMBLINE_LOG_LEVEL"] ?? "info", stop });
} catch (error) {
  process.stderr.write(explain(error) + "\n");
  process.exitCode = 70;
}

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { TwinError } from "@plumbline/twin/errors";
import { createLog } from "../pino-log.ts";
import { readBoxConfig } from "./box-config.ts";
import { type BoxEvent, levelOf } from "./box-events.ts";
import { startBox } from "./start-box.ts";

const BAD_CONFIGURATION = 2;

const USAGE = `Usage: node simulators/dist/aws/main.js --config box.json

AWS as far as Plumbline uses it, on this machine: SiteWise, S3, Batch, the IoT data plane with its broker, KMS.`;

const log = createLog("cloud-in-a-box");
const told = (event: BoxEvent): void => log[levelOf(event)]({ ...event });

try {
  const box = await startBox(readBoxConfig(readJson(configPath())), { told });
  const stop = (): void => {
    void box.close().then(() => {
      told({ event: "box.stopped" });
      process.exit(0);
    });
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  told({ event: "box.listening", httpPort: box.httpPort, mqttPort: box.mqttPort });
} catch (error) {
  if (!(error instanceof TwinError)) throw error;
  process.stderr.write(`${error.toString()}\n`);
  // Not exitCode: a store or broker that is open already would keep the process alive.
  process.exit(BAD_CONFIGURATION);
}

function configPath(): string {
  const { values } = parseArgs({ options: { config: { type: "string" }, help: { type: "boolean" } } });
  if (values.config !== undefined && values.help !== true) return values.config;
  process.stderr.write(`${USAGE}\n`);
  process.exit(values.help === true ? 0 : BAD_CONFIGURATION);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const hint = "write the box's configuration there as JSON; docs/cloud-in-a-box.md has one to copy";
    throw new TwinError("NO_BOX_CONFIG", `${file} cannot be read as JSON: ${String(cause)}`, hint, { cause });
  }
}

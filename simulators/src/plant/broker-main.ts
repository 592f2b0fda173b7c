import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { TwinError } from "@plumbline/twin/errors";
import { type Broker, startBroker } from "../broker/aedes-broker.ts";
import { createLog, type Log } from "../pino-log.ts";
import { plantPolicy, readPlantBrokerConfig } from "./broker-config.ts";

/**
 * The plant-side broker, a process of its own.
 *
 *     node simulators/dist/plant/broker-main.js --config plant-broker.json [--stop-on-stdin-end]
 *
 * A line `stats` on standard input is answered with one line `{"counters": {…}, "sessions": […]}`.
 */
async function main(log: Log): Promise<void> {
  const { values } = parseArgs({
    options: { config: { type: "string" }, "stop-on-stdin-end": { type: "boolean" } },
  });
  if (values.config === undefined)
    throw new TwinError(
      "USAGE",
      "no configuration was named",
      "start it as: plant-broker --config plant-broker.json",
    );
  const { host, port, window, users } = readPlantBrokerConfig(values.config);
  const policy = plantPolicy(users);
  const broker = await startBroker({ host, port, window, policy, onEvent: (event) => log.info(event) });
  log.info({ event: "plant-broker.listening", host, port: broker.port });

  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void close(broker));
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => process.stdout.write(`${JSON.stringify(answerTo(broker, line.trim()))}\n`));
  if (values["stop-on-stdin-end"] === true) lines.on("close", () => void close(broker));
}

const answerTo = (broker: Broker, line: string): object =>
  line === "stats"
    ? { counters: broker.counters(), sessions: broker.sessions() }
    : {
        error: {
          code: "BAD_COMMAND",
          message: `${JSON.stringify(line.slice(0, 80))} is not a command`,
          hint: "write: stats",
        },
      };

async function close(broker: Broker): Promise<void> {
  await broker.close();
  process.exit(0);
}

const log = createLog("plant-broker");
main(log).catch((error: unknown) => {
  const { code = "UNEXPECTED", hint } = error as { code?: string; hint?: string };
  log.error({
    event: "plant-broker.failed",
    code,
    message: error instanceof Error ? error.message : String(error),
    hint,
  });
  process.exit(1);
});

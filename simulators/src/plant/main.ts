import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { sha256 } from "@plumbline/twin/contract/sha256";
import { TwinError } from "@plumbline/twin/errors";
import { createLog, type Log } from "../pino-log.ts";
import { moveFrontier, openClock } from "../scenario/clock.ts";
import { connectPublisher, type MqttPublisher } from "./mqtt-publisher.ts";
import { Plant } from "./plant.ts";
import { type PlantConfig, readPlantConfig } from "./plant-config.ts";
import { PublishedLog } from "./published-log.ts";
import { plantRows, plantRowTimes } from "./rows.ts";

/** How long a row under way may take after the plant was asked to stop. */
const LAST_WORDS_MS = 2_000;

/**
 * The plant: the line, its sensors and their publisher.
 *
 *     node simulators/dist/plant/main.js --config plant.json [--stop-on-stdin-end]
 *
 * Exit code 0 after the last row (or SIGTERM, or the end of standard input in lock-step), 1 with an error event.
 */
async function main(log: Log): Promise<void> {
  const { values } = parseArgs({
    options: { config: { type: "string" }, "stop-on-stdin-end": { type: "boolean" } },
  });
  if (values.config === undefined)
    throw new TwinError("USAGE", "no configuration was named", "start it as: plant --config plant.json");
  const config = readPlantConfig(values.config);
  const { scenario } = config;
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
  // A row that waits for an absent broker must not hold up the end: its readings go out at the next start.
  stop.signal.addEventListener("abort", () => setTimeout(() => process.exit(0), LAST_WORDS_MS).unref());

  using published = new PublishedLog(config.published);
  const times = plantRowTimes(scenario);
  mustBelong(published, times, config);
  const clock = openClock(config.clock, scenario, Date.now());
  const publisher = await connectPublisher(config.broker, (reason) =>
    log.warn({
      event: "plant.broker-unreachable",
      url: config.broker.url,
      reason,
      hint: "the plant keeps trying; start the plant broker",
    }),
  );
  const boot = `plant-${sha256(JSON.stringify(scenario)).slice(0, 12)}`;
  const sink = {
    publish: publisher.publish,
    log: published,
    moveFrontier: (t: number) => moveFrontier(config.clock, t),
  };
  const plant = new Plant({
    scenario,
    rows: plantRows(scenario),
    times,
    boot,
    sink,
    resumeAt: published.lastTime,
  });
  log.info({
    event: "plant.started",
    rows: times.length,
    nextRow: plant.next?.index ?? times.length,
    rate: scenario.rate,
    boot,
  });

  if (scenario.rate === "lockstep") await obey(plant, stop.signal);
  else {
    if (values["stop-on-stdin-end"] === true) process.stdin.on("end", () => stop.abort()).resume();
    await plant.run(
      clock,
      (due) => sleepUntil(due, stop.signal),
      (event) => log.info(event),
    );
  }
  await leave(publisher);
}

function mustBelong(published: PublishedLog, times: readonly number[], config: PlantConfig): void {
  if (published.count === 0 || times.includes(published.lastTime)) return;
  const hint = "give each scenario a log of its own, or remove this one to begin anew";
  throw new TwinError(
    "FOREIGN_LOG",
    `${config.published} ends at ${published.lastTime}, which is no row of this scenario`,
    hint,
  );
}

/** Lock-step: `{"publish": row}` in, `{"published": row, "t": ms, "readings": n}` or `{"error": …}` out, a line each. */
async function obey(plant: Plant, stop: AbortSignal): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  stop.addEventListener("abort", () => lines.close());
  for await (const line of lines) {
    if (line.trim() !== "") process.stdout.write(`${JSON.stringify(await answerTo(plant, line))}\n`);
  }
}

async function answerTo(plant: Plant, line: string): Promise<object> {
  try {
    const command: unknown = JSON.parse(line);
    const row =
      typeof command === "object" && command !== null && "publish" in command ? command.publish : undefined;
    if (typeof row === "number") return await plant.publish(row);
  } catch (error) {
    if (error instanceof TwinError)
      return { error: { code: error.code, message: error.message, hint: error.hint } };
    if (!(error instanceof SyntaxError)) throw error;
  }
  const message = `${JSON.stringify(line.slice(0, 80))} is not a command`;
  return { error: { code: "BAD_COMMAND", message, hint: `write one line {"publish": row}` } };
}

/** Resolves true when the wall reaches `due`, false when asked to stop. Longer waits than timers allow are split. */
async function sleepUntil(due: number, stop: AbortSignal): Promise<boolean> {
  const longest = 60_000;
  for (let left = due - Date.now(); left > 0 && !stop.aborted; left = due - Date.now()) {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        stop.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(left, longest));
      stop.addEventListener("abort", wake);
    });
  }
  return !stop.aborted;
}

async function leave(publisher: MqttPublisher): Promise<void> {
  await publisher.end();
  process.stdin.destroy();
}

const log = createLog("plant");
main(log).then(
  () => process.exit(0),
  (error: unknown) => {
    const { code = "UNEXPECTED", hint } = error as { code?: string; hint?: string };
    log.error({
      event: "plant.failed",
      code,
      message: error instanceof Error ? error.message : String(error),
      hint,
    });
    process.exit(1);
  },
);

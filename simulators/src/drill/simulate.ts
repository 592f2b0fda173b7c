import { readJsonFile } from "../scenario/fault-list.ts";
import { readScenario, type Scenario } from "../scenario/scenario.ts";
import { Child, type Line } from "./child.ts";
import { entry, Home, makeSecrets } from "./home.ts";
import { ORIGIN } from "./web-line-drill.ts";

const HOST = "127.0.0.1";
const START_MS = 30_000;

export interface SimulateRequest {
  readonly folder: string;
  readonly scenario: Scenario;
  readonly port: number;
  readonly say: (line: string) => void;
}

/** A line for a technician who names no scenario: real time, everyday noise, bearings that wear as in the demo. */
export const everydayScenario = (days: number, seed: number, rate: number): Scenario =>
  readScenario({
    seed,
    origin: ORIGIN,
    days,
    samplingSeconds: 600,
    rate,
    sensors: {
      speed: { noise: 0.01, bias: 0.0005, quantisation: 0.001 },
      tension: { noise: 1, bias: 0.1, quantisation: 0.1 },
    },
  });

/** @throws {TwinError} BAD_SCENARIO when the file is not JSON; {FaultsError} with every fault of the scenario. */
export const scenarioFrom = (file: string): Scenario => readScenario(readJsonFile(file, "the scenario"));

/** The plant and its broker alone, for an agent of one's own; ends after the last row. */
export async function simulate({ folder, scenario, port, say }: SimulateRequest): Promise<void> {
  const home = new Home(folder);
  const secrets = makeSecrets();
  const broker = child(home, "plant-broker", "broker-main.js", {
    host: HOST,
    port,
    users: [
      { username: "sensors", password: secrets.sensor, role: "sensor" },
      { username: "agent", password: secrets.agent, role: "agent" },
    ],
  });
  const listening = broker.line((line) => line["event"] === "plant-broker.listening", START_MS);
  broker.start();
  const url = `mqtt://${HOST}:${String((await listening)["port"])}`;
  say(
    `broker     ${url}, user agent, password in ${home.secret("agent", secrets.agent)}; topics line/<signal>/reading`,
  );
  const login = { url, username: "sensors", password: secrets.sensor };
  const files = { clock: "clock.json", published: "published.ndjson" };
  const plant = child(home, "plant", "main.js", { scenario, broker: login, ...files }, (line) => {
    if (line["event"] === "plant.day")
      say(`plant      day ${String(line["day"])}, ${String(line["readings"])} readings published`);
  });
  const ended = plant.line(({ event }) => event === "plant.finished" || event === "plant.failed", WEEKS_MS);
  plant.start();
  try {
    const { event, message } = await ended;
    say(event === "plant.finished" ? "plant      finished" : `plant      failed: ${String(message)}`);
  } finally {
    await plant.stop();
    await broker.stop();
  }
}

/** Longer than any simulation anyone waits for, and still what a timer can hold. */
const WEEKS_MS = 2 ** 31 - 1;

function child(
  home: Home,
  name: string,
  script: string,
  config: object,
  onLine?: (line: Line) => void,
): Child {
  const args = ["--config", home.json(`${name}.json`, config)];
  const spec = {
    name,
    script: entry(`simulators/dist/plant/${script}`),
    args,
    env: {},
    restart: false,
    logFile: home.log(name),
  };
  return new Child(onLine === undefined ? spec : { ...spec, onLine });
}

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import { TwinError } from "@plumbline/twin/errors";
import { CutProxy } from "../network/cut-proxy.ts";
import { openClock } from "../scenario/clock.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { AgentHealth } from "./agent-health.ts";
import { Child, type Line, runToEnd } from "./child.ts";
import { freePorts } from "./free-ports.ts";
import { entry, Home, makeSecrets, type Secrets } from "./home.ts";

export const THING = "gateway-1";
export const INSTANCE = "line-1";
const HOST = "127.0.0.1";
const REGION = "eu-central-1";
const BUCKET = "plumbline-archive";
const IMAGE = "plumbline-recalibrate";
const START_MS = 60_000;
/** Wall time from the clock's making to the plant's first row: what the rest of the cast needs to come up. */
const BRING_UP_MS = 6_000;

export interface CastRequest {
  readonly folder: string;
  readonly scenario: Scenario;
  readonly replay?: { readonly copies: number; readonly seed: number };
  /** `loop`: the planner wakes by the scenario clock; `stdio`: it wakes when asked. */
  readonly planner: "loop" | "stdio";
  readonly onLine?: (process: string, line: Line) => void;
}

/** All processes of a scenario, each its own, and the link between gateway and cloud. */
export class Cast {
  readonly home: Home;
  readonly scenario: Scenario;
  readonly definition: TwinDefinition;
  readonly uplink: CutProxy;
  readonly children: ReadonlyMap<string, Child>;
  readonly health: AgentHealth;
  readonly #secrets: Secrets;
  readonly #ports: Ports;

  private constructor(parts: {
    home: Home;
    scenario: Scenario;
    uplink: CutProxy;
    children: Map<string, Child>;
    secrets: Secrets;
    ports: Ports;
  }) {
    this.home = parts.home;
    this.scenario = parts.scenario;
    this.definition = twinDefinition("web-line");
    this.uplink = parts.uplink;
    this.children = parts.children;
    this.#secrets = parts.secrets;
    this.#ports = parts.ports;
    this.health = new AgentHealth(`http://${HOST}:${parts.ports.health}`, parts.secrets.health);
  }

  /** Brings everything up but the plant, in order; returns when the agent's durable session exists. */
  static async start(request: CastRequest): Promise<Cast> {
    const home = new Home(request.folder);
    const secrets = makeSecrets();
    const [plantBroker = 0, http = 0, mqtt = 0, health = 0] = await freePorts(4);
    const uplink = await CutProxy.start({ host: HOST, port: 0 }, { host: HOST, port: mqtt });
    const ports = { plantBroker, http, mqtt, health, uplink: uplink.port };
    const cast = new Cast({ home, scenario: request.scenario, uplink, children: new Map(), secrets, ports });
    try {
      const bringUp = request.scenario.rate === "lockstep" ? 0 : BRING_UP_MS;
      openClock(home.path("clock.json"), request.scenario, Date.now() - 1 + bringUp);
      await cast.#bringUp(request);
      return cast;
    } catch (error) {
      await cast.stop();
      throw error;
    }
  }

  child(name: string): Child {
    const found = this.children.get(name);
    if (found) return found;
    throw new TwinError(
      "NO_SUCH_PROCESS",
      `no process is called ${name}`,
      `one of ${[...this.children.keys()].join(", ")}`,
    );
  }

  /** Runs a command of the cloud to its end, with an operator's credentials. */
  cloud(...args: string[]): Promise<string> {
    return runToEnd(`plumbline ${args[0]}`, entry("cloud/dist/main.js"), args, this.#cloudEnvironment());
  }

  get sitewise(): {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  } {
    const { accessKeyId, secretAccessKey } = this.#secrets;
    return {
      endpoint: `http://${HOST}:${this.#ports.http}`,
      region: REGION,
      credentials: { accessKeyId, secretAccessKey },
    };
  }

  startPlant(): void {
    this.child("plant").start();
  }

  async stop(): Promise<void> {
    const order = ["plant", "agent", "planner", "ingest", "box", "plant-broker"];
    for (const name of order) await this.children.get(name)?.stop();
    await this.uplink.close();
  }

  async #bringUp(request: CastRequest): Promise<void> {
    this.#define(request);
    const listening = (name: string, event: string): Promise<Line> => {
      const told = this.child(name).line((line) => line["event"] === event, START_MS);
      this.child(name).start();
      return told;
    };
    await Promise.all([
      listening("plant-broker", "plant-broker.listening"),
      listening("box", "box.listening"),
    ]);
    await this.cloud(
      "provision",
      "--thing",
      THING,
      "--instance",
      INSTANCE,
      "--twin",
      this.definition.id,
      "--job-image",
      IMAGE,
    );
    this.home.json("agent.json", this.#agentConfig(await this.cloud("public-key", "--json")));
    for (const name of ["ingest", "planner", "agent"]) this.child(name).start();
    const deadline = Date.now() + START_MS;
    while (!(await this.health.read())?.source.connected) {
      if (Date.now() > deadline)
        throw new TwinError(
          "AGENT_NOT_UP",
          `the agent is not connected after ${START_MS} ms`,
          `read ${this.home.log("agent")}`,
        );
      await sleep(50);
    }
  }

  #define(request: CastRequest): void {
    const children = this.children as Map<string, Child>;
    const add = (
      name: string,
      script: string,
      args: readonly string[],
      env: Readonly<Record<string, string>>,
      restart: boolean,
    ): void => {
      const onLine = request.onLine;
      children.set(
        name,
        new Child({
          name,
          script: entry(script),
          args,
          env,
          restart,
          logFile: this.home.log(name),
          ...(onLine === undefined ? {} : { onLine: (line: Line) => onLine(name, line) }),
        }),
      );
    };
    const clock = { PLUMBLINE_SCENARIO_CLOCK: this.home.path("clock.json") };
    add(
      "plant-broker",
      "simulators/dist/plant/broker-main.js",
      ["--config", this.home.json("plant-broker.json", this.#plantBrokerConfig())],
      {},
      false,
    );
    add(
      "plant",
      "simulators/dist/plant/main.js",
      ["--config", this.home.json("plant.json", this.#plantConfig())],
      {},
      false,
    );
    add(
      "box",
      "simulators/dist/aws/main.js",
      ["--config", this.home.json("box.json", this.#boxConfig(request))],
      {},
      true,
    );
    add(
      "ingest",
      "cloud/dist/main.js",
      ["ingest"],
      { ...this.#cloudEnvironment(), ...this.#ingestLogin() },
      true,
    );
    add(
      "planner",
      "cloud/dist/main.js",
      request.planner === "stdio" ? ["planner", "--stdio"] : ["planner"],
      this.#cloudEnvironment(),
      true,
    );
    add("agent", "edge-agent/dist/main.js", ["run", "--config", this.home.path("agent.json")], clock, true);
  }

  #plantBrokerConfig(): object {
    return {
      host: HOST,
      port: this.#ports.plantBroker,
      users: [
        { username: "sensors", password: this.#secrets.sensor, role: "sensor" },
        { username: THING, password: this.#secrets.agent, role: "agent" },
      ],
    };
  }

  #plantConfig(): object {
    const broker = {
      url: `mqtt://${HOST}:${this.#ports.plantBroker}`,
      username: "sensors",
      password: this.#secrets.sensor,
    };
    return { scenario: this.scenario, broker, clock: "clock.json", published: "published.ndjson" };
  }

  #boxConfig({ replay }: CastRequest): object {
    const { accessKeyId, secretAccessKey } = this.#secrets;
    return {
      dataDir: this.home.path("box"),
      host: HOST,
      httpPort: this.#ports.http,
      mqttPort: this.#ports.mqtt,
      region: REGION,
      account: "123456789012",
      credentials: [{ accessKeyId, secretAccessKey, name: "plumbline" }],
      mqttUsers: [
        { username: THING, password: this.#secrets.thing, role: "thing", thing: THING },
        { username: "ingest", password: this.#secrets.ingest, role: "ingest" },
      ],
      scenarioClock: this.home.path("clock.json"),
      buckets: [BUCKET],
      images: { [IMAGE]: [process.execPath, entry("cloud/dist/recalibrate/main.js")] },
      jobEnvironment: this.#cloudEnvironment(),
      ...(replay === undefined ? {} : { replay }),
    };
  }

  #cloudEnvironment(): Record<string, string> {
    return {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: this.#secrets.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.#secrets.secretAccessKey,
      AWS_ENDPOINT_URL: `http://${HOST}:${this.#ports.http}`,
      PLUMBLINE_SITEWISE_DISABLE_HOST_PREFIX: "1",
      PLUMBLINE_ARCHIVE_BUCKET: BUCKET,
      PLUMBLINE_SCENARIO_CLOCK: this.home.path("clock.json"),
      PLUMBLINE_SIGNING_KEY: "alias/plumbline-signing",
      PLUMBLINE_JOB_QUEUE: "plumbline-recalibration",
      PLUMBLINE_JOB_DEFINITION: IMAGE,
      NODE_NO_WARNINGS: "1",
    };
  }

  #ingestLogin(): Record<string, string> {
    return {
      PLUMBLINE_MQTT_URL: `mqtt://${HOST}:${this.#ports.mqtt}`,
      PLUMBLINE_MQTT_USERNAME: "ingest",
      PLUMBLINE_MQTT_PASSWORD_FILE: this.home.secret("ingest", this.#secrets.ingest),
    };
  }

  #agentConfig(publicKey: string): object {
    const { kid, pem } = JSON.parse(publicKey) as { kid: string; pem: string };
    return {
      twin: { id: this.definition.id },
      thing: THING,
      instance: INSTANCE,
      stateDir: this.home.path("agent"),
      source: {
        mqttUrl: `mqtt://${HOST}:${this.#ports.plantBroker}`,
        username: THING,
        passwordFile: this.home.secret("agent", this.#secrets.agent),
        topicFilter: "line/+/reading",
      },
      uplink: {
        kind: "mqtt",
        mqttUrl: `mqtt://${HOST}:${this.#ports.uplink}`,
        username: THING,
        passwordFile: this.home.secret("thing", this.#secrets.thing),
      },
      // In lock-step every row waits for its commit: company will not come.
      outbox: { commitMillis: this.scenario.rate === "lockstep" ? 1 : 100 },
      apply: { keys: [{ kid, pem }] },
      health: {
        host: HOST,
        port: this.#ports.health,
        tokenFile: this.home.secret("health", this.#secrets.health),
      },
    };
  }
}

interface Ports {
  readonly plantBroker: number;
  readonly http: number;
  readonly mqtt: number;
  readonly health: number;
  readonly uplink: number;
}

/** The plant's own word on what it published. */
export const readNdjson = <T>(file: string): T[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);

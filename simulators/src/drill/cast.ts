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
import { Costumes, HOST, IMAGE, INSTANCE, REGION, type Replay, THING } from "./costumes.ts";
import { freePorts } from "./free-ports.ts";
import { entry, Home, makeSecrets } from "./home.ts";

const START_MS = 60_000;
/** Wall time from the clock's making to the plant's first row: what the rest of the cast needs to come up. */
const BRING_UP_MS = 6_000;

export interface CastRequest {
  readonly folder: string;
  readonly scenario: Scenario;
  readonly replay?: Replay;
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
  readonly #costumes: Costumes;

  private constructor(costumes: Costumes, definition: TwinDefinition, uplink: CutProxy) {
    this.home = costumes.home;
    this.scenario = costumes.scenario;
    this.definition = definition;
    this.uplink = uplink;
    this.children = new Map();
    this.#costumes = costumes;
    const { ports, secrets } = costumes;
    this.health = new AgentHealth(`http://${HOST}:${ports.health}`, secrets.health);
  }

  /** Brings everything up but the plant, in order; returns when the agent's durable session exists. */
  static async start(request: CastRequest): Promise<Cast> {
    const home = new Home(request.folder);
    const secrets = makeSecrets();
    const [plantBroker = 0, http = 0, mqtt = 0, health = 0] = await freePorts(4);
    const uplink = await CutProxy.start({ host: HOST, port: 0 }, { host: HOST, port: mqtt });
    const ports = { plantBroker, http, mqtt, health, uplink: uplink.port };
    const definition = twinDefinition("web-line");
    const costumes = new Costumes(home, request.scenario, definition.id, ports, secrets);
    const cast = new Cast(costumes, definition, uplink);
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
    return runToEnd(
      `plumbline ${args[0]}`,
      entry("cloud/dist/main.js"),
      args,
      this.#costumes.cloudEnvironment(),
    );
  }

  get sitewise(): {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  } {
    const { accessKeyId, secretAccessKey } = this.#costumes.secrets;
    return {
      endpoint: `http://${HOST}:${this.#costumes.ports.http}`,
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
    this.home.json("agent.json", this.#costumes.agentConfig(await this.cloud("public-key", "--json")));
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

  #define({ onLine, planner, replay }: CastRequest): void {
    const children = this.children as Map<string, Child>;
    const dressed = this.#costumes;
    const config = (name: string, value: object): string[] => ["--config", this.home.json(name, value)];
    const add = (
      name: string,
      script: string,
      args: readonly string[],
      env: Environment,
      restart: boolean,
    ): void => {
      const spec = { name, script: entry(script), args, env, restart, logFile: this.home.log(name) };
      const heard = onLine === undefined ? {} : { onLine: (line: Line) => onLine(name, line) };
      children.set(name, new Child({ ...spec, ...heard }));
    };
    const plantBroker = config("plant-broker.json", dressed.plantBrokerConfig());
    add("plant-broker", "simulators/dist/plant/broker-main.js", plantBroker, {}, false);
    add("plant", "simulators/dist/plant/main.js", config("plant.json", dressed.plantConfig()), {}, false);
    add("box", "simulators/dist/aws/main.js", config("box.json", dressed.boxConfig(replay)), {}, true);
    const cloud = dressed.cloudEnvironment();
    add("ingest", "cloud/dist/main.js", ["ingest"], { ...cloud, ...dressed.ingestLogin() }, true);
    const planning = planner === "stdio" ? ["planner", "--stdio"] : ["planner"];
    add("planner", "cloud/dist/main.js", planning, cloud, true);
    const clock = { PLUMBLINE_SCENARIO_CLOCK: this.home.path("clock.json") };
    const agent = ["run", "--config", this.home.path("agent.json")];
    add("agent", "edge-agent/dist/main.js", agent, clock, true);
  }
}

type Environment = Readonly<Record<string, string>>;

/** The plant's own word on what it published. */
export const readNdjson = <T>(file: string): T[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);

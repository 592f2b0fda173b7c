import type { Scenario } from "../scenario/scenario.ts";
import { entry, type Home, type Secrets } from "./home.ts";

export const THING = "gateway-1";
export const INSTANCE = "line-1";
export const HOST = "127.0.0.1";
export const REGION = "eu-central-1";
export const IMAGE = "plumbline-recalibrate";
const BUCKET = "plumbline-archive";

export interface Ports {
  readonly plantBroker: number;
  readonly http: number;
  readonly mqtt: number;
  readonly health: number;
  readonly uplink: number;
}
export interface Replay {
  readonly copies: number;
  readonly seed: number;
}

/** What every process of a cast is told: its configuration or environment, with the secrets it needs and no others. */
export class Costumes {
  readonly home: Home;
  readonly scenario: Scenario;
  readonly twin: string;
  readonly ports: Ports;
  readonly secrets: Secrets;

  constructor(home: Home, scenario: Scenario, twin: string, ports: Ports, secrets: Secrets) {
    this.home = home;
    this.scenario = scenario;
    this.twin = twin;
    this.ports = ports;
    this.secrets = secrets;
  }

  plantBrokerConfig(): object {
    return {
      host: HOST,
      port: this.ports.plantBroker,
      users: [
        { username: "sensors", password: this.secrets.sensor, role: "sensor" },
        { username: THING, password: this.secrets.agent, role: "agent" },
      ],
    };
  }

  plantConfig(): object {
    const broker = {
      url: `mqtt://${HOST}:${this.ports.plantBroker}`,
      username: "sensors",
      password: this.secrets.sensor,
    };
    return { scenario: this.scenario, broker, clock: "clock.json", published: "published.ndjson" };
  }

  boxConfig(replay: Replay | undefined): object {
    const { accessKeyId, secretAccessKey } = this.secrets;
    return {
      dataDir: this.home.path("box"),
      host: HOST,
      httpPort: this.ports.http,
      mqttPort: this.ports.mqtt,
      region: REGION,
      account: "123456789012",
      credentials: [{ accessKeyId, secretAccessKey, name: "plumbline" }],
      mqttUsers: [
        { username: THING, password: this.secrets.thing, role: "thing", thing: THING },
        { username: "ingest", password: this.secrets.ingest, role: "ingest" },
      ],
      scenarioClock: this.home.path("clock.json"),
      buckets: [BUCKET],
      images: { [IMAGE]: [process.execPath, entry("cloud/dist/recalibrate/main.js")] },
      jobEnvironment: this.cloudEnvironment(),
      ...(replay === undefined ? {} : { replay }),
    };
  }

  cloudEnvironment(): Record<string, string> {
    return {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: this.secrets.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.secrets.secretAccessKey,
      AWS_ENDPOINT_URL: `http://${HOST}:${this.ports.http}`,
      PLUMBLINE_SITEWISE_DISABLE_HOST_PREFIX: "1",
      PLUMBLINE_ARCHIVE_BUCKET: BUCKET,
      PLUMBLINE_SCENARIO_CLOCK: this.home.path("clock.json"),
      PLUMBLINE_SIGNING_KEY: "alias/plumbline-signing",
      PLUMBLINE_JOB_QUEUE: "plumbline-recalibration",
      PLUMBLINE_JOB_DEFINITION: IMAGE,
      NODE_NO_WARNINGS: "1",
    };
  }

  ingestLogin(): Record<string, string> {
    return {
      PLUMBLINE_MQTT_URL: `mqtt://${HOST}:${this.ports.mqtt}`,
      PLUMBLINE_MQTT_USERNAME: "ingest",
      PLUMBLINE_MQTT_PASSWORD_FILE: this.home.secret("ingest", this.secrets.ingest),
    };
  }

  agentConfig(publicKey: string): object {
    const { kid, pem } = JSON.parse(publicKey) as { kid: string; pem: string };
    return {
      twin: { id: this.twin },
      thing: THING,
      instance: INSTANCE,
      stateDir: this.home.path("agent"),
      source: {
        mqttUrl: `mqtt://${HOST}:${this.ports.plantBroker}`,
        username: THING,
        passwordFile: this.home.secret("agent", this.secrets.agent),
        topicFilter: "line/+/reading",
      },
      uplink: {
        kind: "mqtt",
        mqttUrl: `mqtt://${HOST}:${this.ports.uplink}`,
        username: THING,
        passwordFile: this.home.secret("thing", this.secrets.thing),
      },
      // In lock-step every row waits for its commit: company will not come.
      outbox: { commitMillis: this.scenario.rate === "lockstep" ? 1 : 100 },
      apply: { keys: [{ kid, pem }] },
      health: {
        host: HOST,
        port: this.ports.health,
        tokenFile: this.home.secret("health", this.secrets.health),
      },
    };
  }
}

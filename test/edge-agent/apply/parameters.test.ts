import {
  decodeReported,
  type ParameterSet,
  type ShadowReported,
} from "@plumbline/twin/contract/parameter-set";
import { cutIntoParts, decodePartRequest } from "@plumbline/twin/contract/parts";
import { partRequestTopic, partTopic, shadowTopic } from "@plumbline/twin/contract/topics";
import type { MqttClient } from "mqtt";
import { afterEach, expect, test } from "vitest";
import type { Broker } from "../../../simulators/src/broker/aedes-broker.ts";
import { configIn, type InProcess, scratch, startInProcess, THING } from "../support/agents.ts";
import { clientOf, openBroker, publishReadings, SmallCloud, until } from "../support/brokers.ts";
import { lineReadings } from "../support/journals.ts";
import { absurd, newSigner, publishable, type Signer, WORN } from "../support/sets.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const signer = newSigner("plant-2026");

/** The shadow and the publisher of the cloud, as small as they can be. */
class SmallShadow {
  reported: ShadowReported = {};
  readonly history: ShadowReported[] = [];
  readonly requests: (readonly number[])[] = [];
  readonly #client: MqttClient;
  #desired: object | undefined;
  #parts: readonly string[] = [];
  #version = 0;
  /** Parts that are lost on their first way. */
  losing: readonly number[] = [];
  answersRequests = true;

  constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => this.#take(topic, payload.toString()));
  }
  static async open(broker: Broker): Promise<SmallShadow> {
    const client = await clientOf(broker);
    open.push(() => client.endAsync(true));
    const shadow = new SmallShadow(client);
    await client.subscribeAsync(
      [shadowTopic(THING, "main", "get"), shadowTopic(THING, "main", "update"), partRequestTopic(THING)],
      { qos: 1 },
    );
    return shadow;
  }

  #take(topic: string, text: string): void {
    if (topic === shadowTopic(THING, "main", "get")) {
      this.#client.publish(
        shadowTopic(THING, "main", "get/accepted"),
        JSON.stringify({ state: { ...(this.#desired ? { desired: this.#desired } : {}) } }),
        { qos: 1 },
      );
    } else if (topic === partRequestTopic(THING)) {
      const { missing } = decodePartRequest(text);
      this.requests.push(missing);
      if (this.answersRequests) for (const part of missing) this.#send(part);
    } else {
      this.reported = decodeReported(
        (JSON.parse(text) as { state: { reported: unknown } }).state.reported,
        "reported",
      );
      this.history.push(this.reported);
    }
  }

  publish(set: ParameterSet, by: Signer = signer, change: object = {}): void {
    const { pointer, parts } = cutIntoParts(by.sign(set), set.version);
    this.#desired = { ...pointer, ...change };
    this.#parts = parts;
    this.#version = pointer.version;
    for (const part of parts.keys()) if (!this.losing.includes(part)) this.#send(part);
    this.#client.publish(
      shadowTopic(THING, "main", "update/delta"),
      JSON.stringify({ state: this.#desired }),
      { qos: 1 },
    );
  }
  #send(part: number): void {
    this.#client.publish(partTopic(THING, "main", this.#version, part), this.#parts[part]!, { qos: 1 });
  }
  reports(version: number, state: string): boolean {
    return this.history.some(({ report }) => report?.version === version && report.state === state);
  }
}

interface Scene extends InProcess {
  readonly shadow: SmallShadow;
  readonly cloud: SmallCloud;
  readonly rows: (count: number) => Promise<void>;
}
interface Setting {
  readonly folder?: string;
  readonly revoked?: readonly string[];
  readonly wall?: () => number;
}
async function scene({ folder = scratch(), revoked = [], wall = Date.now }: Setting = {}): Promise<Scene> {
  const plant = await openBroker();
  const cloudBroker = await openBroker();
  const cloud = await SmallCloud.open(cloudBroker);
  const shadow = await SmallShadow.open(cloudBroker);
  const sensors = await clientOf(plant);
  const { config } = configIn(folder, plant.port, cloudBroker.port, {
    apply: { keys: [{ kid: signer.kid, pem: signer.pem }], revoked },
  });
  const agent = await startInProcess(config, undefined, undefined, wall);
  open.push(
    () => plant.close(),
    () => cloudBroker.close(),
    () => cloud.client.endAsync(true),
    () => sensors.endAsync(true),
    () => agent.pipeline.stop(),
  );
  await until(
    () =>
      plant.sessions().some(({ subscribed }) => subscribed) && agent.pipeline.vitals(false).uplink.connected,
  );
  const readings = lineReadings(100, 41, () => WORN);
  let next = 0;
  const rows = async (count: number): Promise<void> => {
    const before = agent.pipeline.vitals(false).committed;
    await publishReadings(sensors, readings.slice(next * 21, (next + count) * 21));
    next += count;
    await until(() => agent.pipeline.vitals(false).committed === before + count * 21);
  };
  return { ...agent, shadow, cloud, rows };
}
/** The nonce of a new disk, as its first report tells it. */
async function nonceOf({ shadow }: Scene): Promise<string> {
  await until(() => shadow.reported.nonce !== undefined);
  return shadow.reported.nonce!;
}

test("a set goes from the shadow through parts, verification and trial into force, and each step is reported", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(3);
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.shadow.reports(1, "trial"));
  expect(here.pipeline.vitals(false)).toMatchObject({
    set: 0,
    apply: { state: "trial", version: 1 },
    seenVersion: 1,
  });
  await here.rows(8);
  await until(() => here.shadow.reports(1, "committed"));
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 1, apply: { state: "idle", highest: 1 } });
  expect(here.shadow.reported).toMatchObject({ highest: 1 });
  expect(here.shadow.reported.nonce).toBeUndefined();
  await until(
    () =>
      here.cloud.frames.flatMap(({ records }) => records).filter(({ kind }) => kind === "decision").length ===
      2,
  );
  await until(() => here.pipeline.vitals(false).idle);
});

test("parts that are lost are asked for again", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  here.shadow.losing = [0];
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.shadow.reports(1, "trial"));
  expect(here.shadow.requests[0]).toEqual([0]);
});

test("parts that never come end as refused: parts, after five rounds, and the decision is in the frame stream", async () => {
  const here = await scene();
  await here.rows(1);
  here.shadow.losing = [0];
  here.shadow.answersRequests = false;
  here.shadow.publish(publishable(1));
  await until(() => here.shadow.reports(1, "refused"));
  expect(here.shadow.requests).toHaveLength(5);
  expect(here.shadow.reported.report?.reason).toMatch(/^parts: /);
  await here.pipeline.seal();
  await until(() =>
    here.cloud.frames.some(({ records }) =>
      records.some((record) => record.kind === "decision" && record.outcome === "refused"),
    ),
  );
});

test("a set signed by a stranger is refused, reported with the failed check, and not judged again", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  here.shadow.publish(publishable(1, { nonce }), newSigner(signer.kid));
  await until(() => here.shadow.reports(1, "refused"));
  expect(here.shadow.reported.report?.reason).toMatch(/^signature: /);
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 0, apply: { highest: null } });
  here.shadow.publish(publishable(2, { nonce }));
  await until(() => here.shadow.reports(2, "trial"));
  expect(
    here.shadow.history.filter(({ report }) => report?.version === 1 && report.state === "refused"),
  ).toHaveLength(1);
});

test("a foreign pointer with a high version does not lock out the genuine sets below it", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(2);
  here.shadow.publish(publishable(50, { nonce }), newSigner(signer.kid));
  await until(() => here.shadow.reports(50, "refused"));
  here.shadow.publish(publishable(2, { nonce }));
  await until(() => here.shadow.reports(2, "trial"));
  await here.rows(8);
  await until(() => here.shadow.reports(2, "committed"));
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 2, apply: { highest: 2 } });
});

test("a refusal that falls during a trial is reported after the trial, behind the trial's outcome", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(2);
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.shadow.reports(1, "trial"));
  here.shadow.publish(publishable(50), newSigner(signer.kid));
  await until(() => here.events.some(({ name }) => name === "parameters.refused"));
  await here.rows(8);
  await until(() => here.shadow.reports(50, "refused"));
  const steps = here.shadow.history.flatMap(({ report }) =>
    report ? [`${report.version} ${report.state}`] : [],
  );
  expect([...new Set(steps)]).toEqual(["1 trial", "1 committed", "50 refused"]);
  expect(here.shadow.reported.report).toMatchObject({ version: 50, state: "refused" });
});

test("a newer set during a trial ends it as reverted: superseded", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(2);
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.shadow.reports(1, "trial"));
  here.shadow.publish(publishable(2));
  await until(() => here.shadow.reports(2, "trial"));
  await until(() =>
    here.cloud.frames.some(({ records }) =>
      records.some(
        (record) =>
          record.kind === "decision" && record.version === 1 && record.reason === "superseded by version 2",
      ),
    ),
  );
});

test("a set that predicts worse is reverted with the reason, and an older one is refused afterwards", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(2);
  here.shadow.publish({ ...absurd(3), nonce });
  await until(() => here.shadow.reports(3, "trial"));
  await here.rows(8);
  await until(() => here.shadow.reports(3, "reverted"));
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 0, apply: { highest: 3 } });
  here.shadow.publish(publishable(2), signer, { version: 4 }); // the shadow claims more than the set says
  await until(() => here.shadow.reports(4, "refused"));
  expect(here.shadow.reported.report?.reason).toMatch(/^(version|parts): /);
});

/** Version 1, tried and committed. */
async function committed(setting: Setting, change: Partial<ParameterSet> = {}): Promise<Scene> {
  const here = await scene(setting);
  const nonce = await nonceOf(here);
  await here.rows(2);
  here.shadow.publish(publishable(1, { nonce, ...change }));
  await until(() => here.shadow.reports(1, "trial"));
  await here.rows(8);
  await until(() => here.shadow.reports(1, "committed"));
  return here;
}

test("a set that expires while nothing is committed is flagged at the next heartbeat, and stays in force", async () => {
  let ahead = 0;
  const expires = Date.now() + 86_400_000;
  const here = await committed({ wall: () => Date.now() + ahead }, { expires });
  expect(here.shadow.reported.expired).not.toBe(true);
  ahead = 2 * 86_400_000;
  here.pipeline.beat();
  here.pipeline.beat();
  await until(() => here.shadow.reported.expired === true);
  expect(here.shadow.reported.revoked).not.toBe(true);
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 1, expired: true });
  expect(here.events.filter(({ name }) => name === "parameters.expired")).toEqual([
    { name: "parameters.expired", version: 1, expires },
  ]);
});

test("a revoked key flags the set in force, which is not the same as expired, and new sets of it are refused", async () => {
  const folder = scratch();
  const before = await committed({ folder });
  await before.pipeline.stop();
  const here = await scene({ folder, revoked: [signer.kid] });
  await until(() => here.shadow.reported.revoked === true);
  expect(here.shadow.reported.expired).not.toBe(true);
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 1, expired: false });
  expect(here.events).toContainEqual({ name: "parameters.revoked", version: 1, kid: signer.kid });
  here.shadow.publish(publishable(2));
  await until(() => here.shadow.reports(2, "refused"));
  expect(here.shadow.reported.report?.reason).toMatch(/^revoked: /);
});

test("while the clock is not set a set is held, not refused, and goes on trial once the clock is set", async () => {
  let now = 0; // a board without a battery wakes up in 1970
  const here = await scene({ wall: () => now });
  const nonce = await nonceOf(here);
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.events.some(({ name }) => name === "parameters.held"));
  here.pipeline.beat();
  await until(() => here.pipeline.vitals(false).idle);
  expect(here.events.some(({ name }) => name === "parameters.refused")).toBe(false);
  expect(here.pipeline.vitals(false).apply).toMatchObject({ state: "idle", highest: null });
  now = Date.now();
  here.pipeline.beat();
  await until(() => here.shadow.reports(1, "trial"));
  expect(here.events.filter(({ name }) => name === "parameters.held")).toHaveLength(1);
});

test("at the cabinet a committed set can be stepped back from, and put on trial again", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(2);
  expect(here.pipeline.byHand("revert").done).toBe(false);
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.shadow.reports(1, "trial"));
  await here.rows(8);
  await until(() => here.shadow.reports(1, "committed"));
  expect(here.pipeline.byHand("revert").done).toBe(true);
  await until(() => here.shadow.reports(1, "reverted"));
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 0, apply: { state: "held", version: 1 } });
  expect(here.pipeline.byHand("resume").done).toBe(true);
  await until(() => here.pipeline.vitals(false).apply.state === "trial");
  await here.rows(8);
  await until(() => here.pipeline.vitals(false).set === 1);
});

import { timingSafeEqual } from "node:crypto";
import { type Broker, startBroker } from "../../broker/aedes-broker.ts";
import type {
  BrokerEvent,
  BrokerMessage,
  BrokerPolicy,
  Login,
  PublishVerdict,
} from "../../broker/broker-policy.ts";
import type { ShadowMessage } from "../shadow/shadow-service.ts";
import { shadowTopicOf } from "../shadow/shadow-topics.ts";
import { type Identity, isFrame, mayPublish, maySubscribe } from "./access-rules.ts";
import { Replayer } from "./replayer.ts";
import { MAX_PAYLOAD_BYTES, publishTopicFault, topicFault } from "./topic-limits.ts";

export type MqttUser = Identity & { readonly password: string };

export interface CloudBrokerSettings {
  readonly host: string;
  readonly port: number;
  readonly users: readonly MqttUser[];
  readonly replay: { readonly copies: number; readonly seed: number } | undefined;
  readonly onEvent: (event: BrokerEvent) => void;
  /** Every accepted publication of a client. */
  readonly onMessage: (message: BrokerMessage) => void;
}

export interface CloudBroker {
  readonly port: number;
  publish(topic: string, payload: Buffer, qos: 0 | 1): Promise<void>;
  publishShadow(message: ShadowMessage): void;
  close(): Promise<void>;
}

const MAX_CLIENT_ID_BYTES = 128;

/** The broker of the box: AWS IoT Core's limits, the product's access rules, and late and double frames on request. */
export async function startCloudBroker(settings: CloudBrokerSettings): Promise<CloudBroker> {
  let broker: Broker | undefined;
  const publish = async (topic: string, payload: Buffer, qos: 0 | 1): Promise<void> =>
    broker?.publish({ topic, payload, qos });
  /** A closed broker takes nothing: told, because then something was lost. */
  const deliver = (topic: string, payload: Buffer, qos: 0 | 1): void => {
    publish(topic, payload, qos).catch((error: unknown) => {
      const reason = `${topic}: ${String(error)}`;
      settings.onEvent({ event: "broker.client-error", clientId: null, reason });
    });
  };
  const replayer =
    settings.replay &&
    new Replayer<BrokerMessage>(settings.replay, ({ topic, payload, qos }) =>
      deliver(topic, payload, qos === 0 ? 0 : 1),
    );
  broker = await startBroker({
    host: settings.host,
    port: settings.port,
    policy: policyOf(settings.users, replayer !== undefined),
    onEvent: settings.onEvent,
    onMessage: (message, { identity }) => {
      if (replayer !== undefined && isFrame(identity, message.topic)) replayer.take(message);
      settings.onMessage(message);
    },
  });
  const { port, close } = broker;
  return {
    port,
    publish,
    publishShadow: ({ address, suffix, payload }) =>
      deliver(shadowTopicOf(address, suffix), Buffer.from(JSON.stringify(payload)), 1),
    close: () => {
      replayer?.close();
      return close();
    },
  };
}

function policyOf(users: readonly MqttUser[], holdsFrames: boolean): BrokerPolicy<Identity> {
  return {
    authenticate: (login) => authenticate(users, login),
    mayPublish: (identity, message) => judge(identity, message, holdsFrames),
    maySubscribe: (identity, filter) => topicFault(filter) === undefined && maySubscribe(identity, filter),
  };
}

function authenticate(
  users: readonly MqttUser[],
  { clientId, username, password }: Login,
): { identity: Identity } | { refuse: string } {
  const user = users.find(({ name }) => name === username);
  if (user === undefined) return { refuse: `no user ${JSON.stringify(username)}` };
  if (!samePassword(user.password, password ?? ""))
    return { refuse: `wrong password for ${JSON.stringify(username)}` };
  if (Buffer.byteLength(clientId) > MAX_CLIENT_ID_BYTES)
    return { refuse: `a client id has at most ${MAX_CLIENT_ID_BYTES} bytes` };
  return { identity: user };
}

const samePassword = (known: string, given: string): boolean => {
  const [a, b] = [Buffer.from(known), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
};

function judge(
  identity: Identity,
  { topic, payload, retain }: BrokerMessage,
  holdsFrames: boolean,
): PublishVerdict {
  const fault = publishTopicFault(topic);
  if (fault !== undefined) return { refuse: fault };
  if (payload.length > MAX_PAYLOAD_BYTES)
    return { refuse: `a payload has at most ${MAX_PAYLOAD_BYTES} bytes, got ${payload.length}` };
  if (retain) return { refuse: "retained messages are not emulated" };
  if (!mayPublish(identity, topic))
    return { refuse: `${identity.name} (${identity.role}) may not publish there` };
  return holdsFrames && isFrame(identity, topic) ? "hold" : "forward";
}

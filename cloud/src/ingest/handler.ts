import { setTimeout as sleep } from "node:timers/promises";
import { TwinError } from "@plumbline/twin/errors";
import { IotData } from "../aws/iot-data.ts";
import { S3Objects } from "../aws/s3-objects.ts";
import { SiteWise } from "../aws/sitewise-client.ts";
import { Backoff } from "../backoff.ts";
import { cloudConfig, type Environment, Settings } from "../config.ts";
import { createLog } from "../pino-log.ts";
import { PropertyWriter } from "../sitewise/property-writer.ts";
import { type Delivery, Inbox } from "./inbox.ts";
import { described } from "./queues.ts";

/** One message as the topic rule hands it on: one of the three members, base64. `thing` is the sender, from the topic. */
export interface RuleEvent {
  readonly thing: string;
  readonly frame?: string;
  readonly heartbeat?: string;
  readonly partRequest?: string;
}
/** A batch (from a queue's redrive, say) is answered message by message; a single message fails by throwing. */
export interface BatchEvent {
  readonly messages: readonly (RuleEvent & { readonly id: string })[];
}
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

const KINDS = ["frame", "heartbeat", "partRequest"] as const;

/** @throws {TwinError} BAD_EVENT */
export function deliveryOf(event: RuleEvent): Delivery {
  for (const kind of KINDS) {
    const payload = event[kind];
    if (payload !== undefined) return { kind, thing: event.thing, payload: Buffer.from(payload, "base64") };
  }
  throw new TwinError(
    "BAD_EVENT",
    "an event with neither frame, heartbeat nor partRequest",
    "check the topic rule's SQL",
  );
}

/** The function around an inbox. */
export function createHandler(
  inbox: Pick<Inbox, "take">,
): (event: RuleEvent | BatchEvent) => Promise<BatchAnswer | undefined> {
  return async (event) => {
    if (!("messages" in event)) {
      await inbox.take(event.thing, [deliveryOf(event)]);
      return undefined;
    }
    const failed: { itemIdentifier: string }[] = [];
    for (const thing of new Set(event.messages.map((message) => message.thing))) {
      const messages = event.messages.filter((message) => message.thing === thing);
      try {
        await inbox.take(thing, messages.map(deliveryOf));
      } catch {
        // All of the thing's messages again: which of them was stored does not matter, a repetition changes nothing.
        failed.push(...messages.map(({ id }) => ({ itemIdentifier: id })));
      }
    }
    return { batchItemFailures: failed };
  };
}

function fromEnvironment(environment: Environment): Inbox {
  const settings = new Settings(environment, {});
  const { bucket, client, clock } = cloudConfig(settings);
  settings.done();
  const backoff = new Backoff(100, 5_000, Math.random, sleep);
  return new Inbox({
    objects: new S3Objects(bucket, client),
    writer: new PropertyWriter(new SiteWise(client), clock.now, backoff),
    link: new IotData(client),
    now: clock.now,
    tell: createLog("ingest"),
  });
}

let handle: ReturnType<typeof createHandler> | undefined;

/** What the topic rule calls. Made at the first call, kept while the sandbox lives. */
export async function handler(event: RuleEvent | BatchEvent): Promise<BatchAnswer | undefined> {
  // biome-ignore lint/style/noProcessEnv: a function has no main.ts; its environment is read here, once
  handle ??= createHandler(fromEnvironment(process.env));
  try {
    return await handle(event);
  } catch (error) {
    const { code, detail } = described(error);
    throw new Error(`${code}: ${detail}`, { cause: error });
  }
}

import { frameTopic, heartbeatTopic, partRequestTopic, shadowTopic } from "@plumbline/twin/contract/topics";
import type { ShadowReported } from "@plumbline/twin/contract/parameter-set";
import { TwinError } from "@plumbline/twin/errors";
import { greengrasscoreipc } from "aws-iot-device-sdk-v2";
import { Backoff, type Dice } from "../backoff.ts";
import type { CloudLink, CloudListener } from "./cloud-link.ts";
import { dispatch, inboundFilters } from "./cloud-messages.ts";
import { withNulls } from "./shadow-report.ts";
import { within } from "./time-limit.ts";

/** A publish into a stalled TLS link blocks the nucleus for up to 30 s; everything else answers at once or never. */
const PUBLISH_LIMIT = 35_000;
const CALL_LIMIT = 5_000;
/** A request above 10,000 bytes drops the connection; base64 and JSON leave this much for the payload. */
const MAX_PAYLOAD = 7_000;

type Client = greengrasscoreipc.Client;

/**
 * MQTT through the Greengrass nucleus, lite or classic. An OK means "written to TLS" or "in the spooler": it moves the
 * window and nothing else. A client connects once: after a loss a new one is made and everything is subscribed again.
 */
export class GreengrassCloudLink implements CloudLink {
  readonly #address: { readonly thing: string; readonly instance: string };
  readonly #listener: CloudListener;
  readonly #backoff: Backoff;
  #client: Client | undefined;
  #ready = false;
  #closing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(address: { readonly thing: string; readonly instance: string }, limits: { longestBackoff: number; dice: Dice }, listener: CloudListener) {
    this.#address = address;
    this.#listener = listener;
    this.#backoff = new Backoff(500, limits.longestBackoff, limits.dice);
    void this.#connect();
  }

  get connected(): boolean {
    return this.#ready;
  }

  async #connect(): Promise<void> {
    let client: Client | undefined;
    try {
      client = greengrasscoreipc.createClient();
      this.#client = client;
      client.on("disconnection", () => this.#lost(client, "the nucleus closed the connection"));
      await within(CALL_LIMIT, "connecting to the nucleus", client.connect());
      for (const filter of inboundFilters(this.#address.thing, this.#address.instance)) await this.#subscribe(client, filter);
      if (this.#closing || this.#client !== client) return;
      this.#ready = true;
      this.#backoff.reset();
      this.#listener.connected("greengrass");
    } catch (error) {
      this.#lost(client, describe(error));
    }
  }

  async #subscribe(client: Client, topicName: string): Promise<void> {
    const stream = client.subscribeToIoTCore({ topicName, qos: greengrasscoreipc.model.QOS.AT_LEAST_ONCE });
    stream.on("message", ({ message }) => {
      const payload = message?.payload;
      if (message && payload !== undefined) dispatch(message.topicName, toBytes(payload), this.#address, this.#listener);
    });
    stream.on("streamError", (error) => this.#lost(client, describe(error)));
    stream.on("ended", () => this.#lost(client, `the subscription of ${topicName} ended`));
    await within(CALL_LIMIT, `subscribing ${topicName}`, stream.activate());
  }

  #lost(client: Client | undefined, reason: string): void {
    if (this.#closing || client !== this.#client || this.#timer !== undefined) return;
    this.#ready = false;
    this.#client = undefined;
    client?.close().catch(() => undefined); // or its native memory leaks
    const retryMs = this.#backoff.next();
    this.#listener.lost(reason, retryMs);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#connect();
    }, retryMs);
  }

  publishFrame(bytes: Uint8Array): Promise<void> {
    return this.#publish(frameTopic(this.#address.thing), bytes);
  }
  publishHeartbeat(json: string): Promise<void> {
    return this.#publish(heartbeatTopic(this.#address.thing), json);
  }
  requestParts(json: string): Promise<void> {
    return this.#publish(partRequestTopic(this.#address.thing), json);
  }
  getShadow(): Promise<void> {
    return this.#publish(shadowTopic(this.#address.thing, this.#address.instance, "get"), "{}");
  }
  report(reported: ShadowReported): Promise<void> {
    return this.#publish(shadowTopic(this.#address.thing, this.#address.instance, "update"), JSON.stringify({ state: { reported: withNulls(reported) } }));
  }

  async #publish(topicName: string, payload: Uint8Array | string): Promise<void> {
    const client = this.#client;
    if (!client || !this.#ready) throw new TwinError("NOT_CONNECTED", "the nucleus is not connected", "it is tried again", { retry: "later" });
    if (payload.length > MAX_PAYLOAD) throw new TwinError("TOO_LARGE", `a payload of ${payload.length} bytes for ${topicName}`, `the nucleus takes at most ${MAX_PAYLOAD}`);
    const request = { topicName, qos: greengrasscoreipc.model.QOS.AT_LEAST_ONCE, payload: typeof payload === "string" ? payload : Buffer.from(payload) };
    try {
      await within(PUBLISH_LIMIT, `publishing on ${topicName}`, client.publishToIoTCore(request));
    } catch (error) {
      throw new TwinError("PUBLISH_FAILED", describe(error), "the nucleus is offline, or its policy does not allow this topic; it is tried again", { cause: error, retry: "later" });
    }
  }

  restart(): void {
    this.#lost(this.#client, "nothing was heard from the cloud");
  }
  async close(): Promise<void> {
    this.#closing = true;
    this.#ready = false;
    clearTimeout(this.#timer);
    await this.#client?.close().catch(() => undefined);
  }
}

const toBytes = (payload: string | ArrayBuffer | ArrayBufferView): Uint8Array => {
  if (typeof payload === "string") return Buffer.from(payload, "utf8");
  return ArrayBuffer.isView(payload) ? new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength) : new Uint8Array(payload);
};

/** A ServiceError without a message is the nucleus' way of saying "not supported here" or "offline". */
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message === "" ? "the nucleus answered ServiceError without a reason: offline, or not supported by it" : message;
}

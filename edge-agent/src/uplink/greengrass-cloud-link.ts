import type { ShadowReported } from "@plumbline/twin/contract/parameter-set";
import { frameTopic, heartbeatTopic, partRequestTopic, shadowTopic } from "@plumbline/twin/contract/topics";
import { TwinError } from "@plumbline/twin/errors";
import { Backoff, type Dice } from "../backoff.ts";
import { Nucleus } from "../greengrass-ipc.ts";
import type { CloudLink, CloudListener } from "./cloud-link.ts";
import { dispatch, inboundFilters } from "./cloud-messages.ts";
import { withNulls } from "./shadow-report.ts";

/** MQTT through the Greengrass nucleus. Its OK moves the send window and nothing else. */
export class GreengrassCloudLink implements CloudLink {
  readonly #address: { readonly thing: string; readonly instance: string };
  readonly #listener: CloudListener;
  readonly #backoff: Backoff;
  #nucleus: Nucleus | undefined;
  #attempt = 0;
  #ready = false;
  #closing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    address: { readonly thing: string; readonly instance: string },
    limits: { longestBackoff: number; dice: Dice },
    listener: CloudListener,
  ) {
    this.#address = address;
    this.#listener = listener;
    this.#backoff = new Backoff(500, limits.longestBackoff, limits.dice);
    void this.#connect();
  }

  get connected(): boolean {
    return this.#ready;
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    try {
      const nucleus = await Nucleus.connect((reason) => this.#lost(attempt, reason));
      if (this.#closing || attempt !== this.#attempt) return await nucleus.close();
      this.#nucleus = nucleus;
      for (const filter of inboundFilters(this.#address.thing, this.#address.instance)) {
        await nucleus.subscribe(filter, (topic, payload) =>
          dispatch(topic, payload, this.#address, this.#listener),
        );
      }
      if (this.#closing || attempt !== this.#attempt) return;
      this.#ready = true;
      this.#backoff.reset();
      this.#listener.connected("greengrass");
    } catch (error) {
      this.#lost(attempt, error instanceof Error ? error.message : String(error));
    }
  }

  #lost(attempt: number, reason: string): void {
    if (this.#closing || attempt !== this.#attempt) return;
    this.#attempt++;
    this.#ready = false;
    void this.#nucleus?.close();
    this.#nucleus = undefined;
    const retryMs = this.#backoff.next();
    this.#listener.lost(reason, retryMs);
    this.#timer = setTimeout(() => void this.#connect(), retryMs);
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
    return this.#publish(
      shadowTopic(this.#address.thing, this.#address.instance, "update"),
      JSON.stringify({ state: { reported: withNulls(reported) } }),
    );
  }

  async #publish(topic: string, payload: Uint8Array | string): Promise<void> {
    if (!this.#nucleus || !this.#ready)
      throw new TwinError("NOT_CONNECTED", "the nucleus is not connected", "it is tried again", {
        retry: "later",
      });
    await this.#nucleus.publish(topic, payload);
  }

  restart(): void {
    this.#lost(this.#attempt, "nothing was heard from the cloud");
  }
  async close(): Promise<void> {
    this.#closing = true;
    this.#ready = false;
    clearTimeout(this.#timer);
    await this.#nucleus?.close();
  }
}

import { TwinError } from "@plumbline/twin/errors";
import { greengrasscoreipc } from "aws-iot-device-sdk-v2";
import { within } from "./time-limit.ts";

/** A publish into a stalled TLS link blocks the nucleus for up to 30 s; everything else answers at once or never. */
const PUBLISH_LIMIT = 35_000;
const CALL_LIMIT = 5_000;
/** A request above 10,000 bytes drops the connection; base64 and JSON leave this much for the payload. */
const MAX_PAYLOAD = 7_000;
const QOS_1 = greengrasscoreipc.model.QOS.AT_LEAST_ONCE;

/**
 * One connection to the Greengrass nucleus, lite or classic; the one file that knows its SDK. A client connects once:
 * after `lost` it is closed and another must be made, with all its subscriptions.
 */
export class Nucleus {
  readonly #client: greengrasscoreipc.Client;
  readonly #lost: (reason: string) => void;

  private constructor(lost: (reason: string) => void) {
    this.#lost = lost;
    this.#client = greengrasscoreipc.createClient();
    this.#client.on("disconnection", () => lost("the nucleus closed the connection"));
  }

  /** @throws {TwinError} NUCLEUS */
  static async connect(lost: (reason: string) => void): Promise<Nucleus> {
    let nucleus: Nucleus | undefined;
    try {
      nucleus = new Nucleus(lost);
      await within(CALL_LIMIT, "connecting to the nucleus", nucleus.#client.connect());
      return nucleus;
    } catch (error) {
      await nucleus?.close();
      throw failure(
        error,
        "check that the agent runs as a Greengrass component (SVCUID and the IPC socket in its environment)",
      );
    }
  }

  async subscribe(topicName: string, message: (topic: string, payload: Uint8Array) => void): Promise<void> {
    const stream = this.#client.subscribeToIoTCore({ topicName, qos: QOS_1 });
    stream.on("message", (event) => {
      if (event.message?.payload !== undefined)
        message(event.message.topicName, toBytes(event.message.payload));
    });
    stream.on("streamError", (error) => this.#lost(describe(error)));
    stream.on("ended", () => this.#lost(`the subscription of ${topicName} ended`));
    try {
      await within(CALL_LIMIT, `subscribing ${topicName}`, stream.activate());
    } catch (error) {
      throw failure(
        error,
        "the nucleus is offline, or the component's accessControl does not allow this filter; it is tried again",
      );
    }
  }

  /** OK means "written to TLS" or "in the spooler", never "delivered". */
  async publish(topicName: string, payload: Uint8Array | string): Promise<void> {
    if (payload.length > MAX_PAYLOAD)
      throw new TwinError(
        "TOO_LARGE",
        `a payload of ${payload.length} bytes for ${topicName}`,
        `the nucleus takes at most ${MAX_PAYLOAD}`,
      );
    const request = {
      topicName,
      qos: QOS_1,
      payload: typeof payload === "string" ? payload : Buffer.from(payload),
    };
    try {
      await within(PUBLISH_LIMIT, `publishing on ${topicName}`, this.#client.publishToIoTCore(request));
    } catch (error) {
      throw failure(
        error,
        "the nucleus is offline, or the component's accessControl does not allow this topic; it is tried again",
      );
    }
  }

  /** One branch of the component's own configuration; `undefined` when there is none. A whole root may exceed a message. */
  async configuration(branch: string): Promise<unknown> {
    try {
      const { value } = await within(
        CALL_LIMIT,
        `reading configuration ${branch}`,
        this.#client.getConfiguration({ keyPath: [branch] }),
      );
      // A leaf comes back as {"<its key>": value}, a map bare.
      const record = (value ?? {}) as Record<string, unknown>;
      return Object.keys(record).length === 1 && Object.hasOwn(record, branch) ? record[branch] : record;
    } catch (error) {
      if (/ResourceNotFound|not found/i.test(describe(error))) return undefined;
      throw failure(error, "check the component's configuration");
    }
  }

  /** Always to be called, or the client's native memory leaks. */
  async close(): Promise<void> {
    await this.#client.close().catch(() => undefined);
  }
}

const toBytes = (payload: string | ArrayBuffer | ArrayBufferView): Uint8Array => {
  if (typeof payload === "string") return Buffer.from(payload, "utf8");
  return ArrayBuffer.isView(payload)
    ? new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)
    : new Uint8Array(payload);
};

/** A ServiceError without a message is the nucleus' way of saying "not supported here" or "offline". */
function describe(error: unknown): string {
  const { message, serviceError } = error as {
    message?: string;
    serviceError?: { _errorCode?: string; message?: string };
  };
  const said = [serviceError?._errorCode, serviceError?.message, message].filter(Boolean).join(": ");
  return said === ""
    ? "the nucleus answered ServiceError without a reason: offline, or not supported by it"
    : said;
}

const failure = (cause: unknown, hint: string): TwinError =>
  new TwinError("NUCLEUS", describe(cause), hint, { cause, retry: "later" });

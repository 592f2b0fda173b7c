import { TwinError } from "@plumbline/twin/errors";
import { keepHeartbeat } from "./heartbeats.ts";
import { Ingest } from "./ingest.ts";
import { answerPartRequest } from "./part-requests.ts";
import type { IngestPorts } from "./ports.ts";

export interface Delivery {
  readonly kind: "frame" | "heartbeat" | "partRequest";
  /** The sender, as the broker has established it. */
  readonly thing: string;
  readonly payload: Uint8Array;
}

/** Everything that gateways send, by kind. */
export class Inbox {
  readonly #ports: IngestPorts;
  readonly #ingest: Ingest;

  constructor(ports: IngestPorts) {
    this.#ports = ports;
    this.#ingest = new Ingest(ports);
  }

  /**
   * Takes deliveries of one thing, frames together.
   * @throws when a frame could not be stored for now; hints and requests are told and forgotten, they come again.
   */
  async take(thing: string, deliveries: readonly Delivery[]): Promise<void> {
    for (const { kind, payload } of deliveries) {
      if (kind !== "frame") await this.#takeHint(thing, kind, new TextDecoder().decode(payload));
    }
    await this.#ingest.accept(
      thing,
      deliveries.filter(({ kind }) => kind === "frame").map(({ payload }) => payload),
    );
  }

  async #takeHint(thing: string, kind: "heartbeat" | "partRequest", json: string): Promise<void> {
    try {
      if (kind === "heartbeat") await keepHeartbeat(this.#ports, thing, json);
      else await answerPartRequest(this.#ports, thing, json);
    } catch (error) {
      if (!(error instanceof TwinError)) throw error;
      this.#ports.tell({ name: "ingest.refused", thing, code: error.code, detail: error.message });
    }
  }
}

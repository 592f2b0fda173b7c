import type {
  AckOutcome,
  Batch,
  Opened,
  Outbox,
  OutboxStatus,
  OutgoingFrame,
  SalvagedPart,
} from "./outbox.ts";
import { OutboxKeeper } from "./outbox-keeper.ts";
import type { OutboxLimits } from "./sqlite-outbox.ts";

/** The outbox in this thread: for the commands at the cabinet, which have no socket to keep alive. */
export class LocalOutbox implements Outbox {
  readonly #keeper: OutboxKeeper;

  constructor(file: string, limits: OutboxLimits) {
    this.#keeper = new OutboxKeeper(file, limits);
  }

  async open(): Promise<Opened> {
    return this.#keeper.open();
  }
  async append(batch: Batch): Promise<OutboxStatus> {
    return this.#keeper.append(batch);
  }
  async take(after: number, limit: number): Promise<readonly OutgoingFrame[]> {
    return this.#keeper.take(after, limit);
  }
  async acknowledge(ack: { epoch: string; sequence: number; hash: string }): Promise<AckOutcome> {
    return this.#keeper.acknowledge(ack);
  }
  async salvaged(): Promise<SalvagedPart> {
    return this.#keeper.salvaged();
  }
  async salvageDone(): Promise<void> {
    this.#keeper.salvageDone();
  }
  async close(): Promise<void> {
    this.#keeper.close();
  }
}

import type { Batch, Outbox, OutboxStatus } from "../../../edge-agent/src/outbox/outbox.ts";

/** An outbox whose commits wait until they are let go. */
export class HeldOutbox implements Outbox {
  readonly #inner: Outbox;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  /** Readings in batches that have reached the store, committed or not. */
  asked = 0;

  constructor(inner: Outbox) {
    this.#inner = inner;
  }

  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }
  letGo(): void {
    this.#open();
  }

  async append(batch: Batch): Promise<OutboxStatus> {
    this.asked += batch.steps.filter(({ kind }) => kind === "entry").length;
    await this.#gate;
    return this.#inner.append(batch);
  }
  open: Outbox["open"] = () => this.#inner.open();
  take: Outbox["take"] = (after, limit) => this.#inner.take(after, limit);
  acknowledge: Outbox["acknowledge"] = (ack) => this.#inner.acknowledge(ack);
  salvaged: Outbox["salvaged"] = () => this.#inner.salvaged();
  salvageDone: Outbox["salvageDone"] = () => this.#inner.salvageDone();
  close: Outbox["close"] = () => this.#inner.close();
}

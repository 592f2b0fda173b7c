import { Worker } from "node:worker_threads";
import { TwinError } from "@plumbline/twin/errors";
import type {
  AckOutcome,
  Batch,
  Opened,
  Outbox,
  OutboxStatus,
  OutgoingFrame,
  SalvagedPart,
} from "./outbox.ts";
import type { Call, Request, Response, WorkerData } from "./worker-protocol.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The outbox as the agent sees it: every call goes to the worker thread, in order. */
export class WorkerOutbox implements Outbox {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #dead: TwinError | undefined;

  constructor(entry: URL, data: WorkerData) {
    this.#worker = new Worker(entry, { workerData: data, name: "outbox" });
    this.#worker.on("message", (response: Response) => this.#settle(response));
    this.#worker.on("error", (cause) => this.#fail(cause));
    this.#worker.on("exit", (code) => this.#fail(new Error(`exit code ${code}`)));
  }

  async open(): Promise<Opened> {
    return (await this.#ask({ name: "open", args: [] })) as Opened;
  }
  async append(batch: Batch): Promise<OutboxStatus> {
    return (await this.#ask({ name: "append", args: [batch] })) as OutboxStatus;
  }
  async take(after: number, limit: number): Promise<readonly OutgoingFrame[]> {
    return (await this.#ask({ name: "take", args: [after, limit] })) as OutgoingFrame[];
  }
  async acknowledge(ack: { epoch: string; sequence: number; hash: string }): Promise<AckOutcome> {
    return (await this.#ask({ name: "acknowledge", args: [ack] })) as AckOutcome;
  }
  async salvaged(): Promise<SalvagedPart> {
    return (await this.#ask({ name: "salvaged", args: [] })) as SalvagedPart;
  }
  async salvageDone(): Promise<void> {
    await this.#ask({ name: "salvageDone", args: [] });
  }
  async close(): Promise<void> {
    await this.#ask({ name: "close", args: [] });
    this.#dead = closed("it was closed");
    await this.#worker.terminate();
  }

  #ask(call: Call): Promise<unknown> {
    if (this.#dead) return Promise.reject(this.#dead);
    const request: Request = { id: this.#next++, call };
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  #settle(response: Response): void {
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if (response.ok) waiting?.resolve(response.value);
    else {
      const { code, message, hint, retry } = response.failure;
      waiting?.reject(new TwinError(code, message, hint, { retry }));
    }
  }

  #fail(cause: Error): void {
    this.#dead ??= closed(cause.message);
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}

const closed = (why: string): TwinError =>
  new TwinError(
    "OUTBOX_GONE",
    `the outbox's thread has ended: ${why}`,
    "restart the agent: everything acknowledged is in the file",
  );

import type { Backoff } from "../backoff.ts";
import type { CloudEvent } from "../events.ts";
import type { Delivery, Inbox } from "./inbox.ts";

/** Deliveries taken together: a backlog is worked off in strides, not frame by frame. */
const TOGETHER = 32;
/** Beyond this a thing's newest deliveries are let go: it resends what is not acknowledged. */
const MOST_QUEUED = 512;
/** After so many tries a failure is left to the resend. */
const TRIES = 5;

/** One queue per thing: things run side by side, what one thing sends is taken in order. */
export class Queues {
  readonly #inbox: Pick<Inbox, "take">;
  readonly #tell: (event: CloudEvent) => void;
  readonly #backoff: Backoff;
  readonly #waiting = new Map<string, Delivery[]>();
  readonly #running = new Set<string>();
  #idle: (() => void)[] = [];

  constructor(inbox: Pick<Inbox, "take">, tell: (event: CloudEvent) => void, backoff: Backoff) {
    this.#inbox = inbox;
    this.#tell = tell;
    this.#backoff = backoff;
  }

  add(delivery: Delivery): void {
    const waiting = this.#waiting.get(delivery.thing) ?? [];
    if (waiting.length >= MOST_QUEUED) return;
    waiting.push(delivery);
    this.#waiting.set(delivery.thing, waiting);
    if (!this.#running.has(delivery.thing)) void this.#run(delivery.thing);
  }

  /** Resolves when nothing is waiting or under way. */
  async idle(): Promise<void> {
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #run(thing: string): Promise<void> {
    this.#running.add(thing);
    for (;;) {
      const deliveries = this.#waiting.get(thing)?.splice(0, TOGETHER) ?? [];
      if (deliveries.length === 0) break;
      await this.#take(thing, deliveries);
    }
    this.#waiting.delete(thing);
    this.#running.delete(thing);
    if (this.#running.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** What fails for good is not acknowledged, so it comes again. */
  async #take(thing: string, deliveries: readonly Delivery[]): Promise<void> {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      try {
        await this.#inbox.take(thing, deliveries);
        return;
      } catch (error) {
        this.#tell({ name: "ingest.failed", thing, ...described(error) });
        if (attempt < TRIES) await this.#backoff.wait(attempt);
      }
    }
  }
}

export const described = (error: unknown): { readonly code: string; readonly detail: string } => {
  const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown };
  return { code: String(code ?? name ?? "UNKNOWN"), detail: String(message ?? error) };
};

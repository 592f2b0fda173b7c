import { TwinError } from "@plumbline/twin/errors";
import type { Outbox, OutboxStatus } from "./outbox/outbox.ts";
import type { FrameStore } from "./uplink/uplink.ts";

/** The outbox as the uplink sees it. `failed`: the file is damaged or its thread is gone; `advanced`: frames were let go. */
export function storeOf(
  outbox: Outbox,
  failed: (error: TwinError) => void,
  advanced: (status: OutboxStatus) => void,
): FrameStore {
  const watched = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof TwinError && error.retry !== "later") failed(error);
      throw error;
    }
  };
  return {
    take: (after, limit) => watched(outbox.take(after, limit)),
    acknowledge: async (ack) => {
      const outcome = await watched(outbox.acknowledge(ack));
      if (outcome.kind === "advanced") advanced(outcome.status);
      return outcome;
    },
  };
}

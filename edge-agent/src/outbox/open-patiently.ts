import { TwinError } from "@plumbline/twin/errors";
import type { EdgeEvent } from "../events.ts";
import type { Opened, Outbox } from "./outbox.ts";

const RETRY = 1_000;

/** Opens the outbox, waiting while the disk is full or refuses: an agent that gave up would not be there when it is mended. */
export async function openPatiently(
  outbox: Pick<Outbox, "open">,
  tell: (event: EdgeEvent) => void,
): Promise<Opened> {
  for (;;) {
    try {
      return await outbox.open();
    } catch (error) {
      const waits = error instanceof TwinError && (error.code === "DISK_FULL" || error.code === "DISK_ERROR");
      if (!waits) throw error;
      tell({ name: "outbox.disk-full", reason: error.message, retryMs: RETRY });
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
  }
}

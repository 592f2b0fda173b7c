import type { Backoff } from "../backoff.ts";
import { Inbox } from "./inbox.ts";
import { type BrokerLogin, consume } from "./mqtt-consumer.ts";
import type { IngestPorts } from "./ports.ts";
import { Queues } from "./queues.ts";

/** The long-running ingest: subscribes, and feeds the same core as the function. Closing lets what is under way end. */
export async function startConsumer(
  ports: IngestPorts & { readonly backoff: Backoff },
  login: BrokerLogin,
): Promise<{ close(): Promise<void> }> {
  const queues = new Queues(new Inbox(ports), ports.tell, ports.backoff);
  const subscription = await consume(login, (delivery) => queues.add(delivery), ports.tell);
  return {
    close: async () => {
      await subscription.close();
      await queues.idle();
    },
  };
}

import type { BrokerEvent } from "../broker/broker-policy.ts";

/** What the box says of itself. */
export type BoxEvent =
  | BrokerEvent
  | { readonly event: "box.listening"; readonly httpPort: number; readonly mqttPort: number }
  | { readonly event: "box.stopped" }
  | {
      readonly event: "box.signature-refused";
      readonly service: string;
      readonly kind: string;
      readonly reason: string;
    }
  | {
      readonly event: "box.request-failed";
      readonly service: string;
      readonly request: string;
      readonly reason: string;
    }
  | {
      readonly event: "box.job";
      readonly job: string;
      readonly name: string;
      readonly status: string;
      readonly reason: string | null;
    };

/** warn: unexpected, nothing lost · error: something failed, a person is needed. */
const WARNINGS: ReadonlySet<string> = new Set([
  "box.signature-refused",
  "broker.login-refused",
  "broker.publish-refused",
  "broker.subscribe-refused",
  "broker.client-error",
]);

export function levelOf({ event }: BoxEvent): "info" | "warn" | "error" {
  if (event === "box.request-failed") return "error";
  return WARNINGS.has(event) ? "warn" : "info";
}

import { updateJson } from "./json-object.ts";
import { alertsKey } from "./layout.ts";
import type { ObjectStore } from "./object-store.ts";

/** What a person should look at, one entry per kind and subject. */
export interface Alert {
  readonly kind:
    | "cloned-gateway"
    | "frame-conflict"
    | "foreign-frame"
    | "damaged-frame"
    | "alarm-not-reproduced"
    | "unknown-twin"
    | "unknown-set"
    | "parked"
    | "dead-letter"
    | "clock-ahead";
  /** What it is about, such as an epoch or a property. */
  readonly subject: string;
  readonly detail: string;
  /** Scenario time of the first and of the latest occurrence, ms since the Unix epoch. */
  readonly first: number;
  readonly latest: number;
  readonly count: number;
}

const KEPT = 64;

export type NewAlert = Pick<Alert, "kind" | "subject" | "detail">;

export async function raiseAlert(
  store: ObjectStore,
  thing: string,
  alert: NewAlert,
  now: number,
): Promise<void> {
  await updateJson<{ alerts: Alert[] }>(store, alertsKey(thing), (before) => {
    const alerts = before?.alerts ?? [];
    const known = alerts.find(({ kind, subject }) => kind === alert.kind && subject === alert.subject);
    const entry: Alert = {
      ...alert,
      first: known?.first ?? now,
      latest: now,
      count: (known?.count ?? 0) + 1,
    };
    return { alerts: [...alerts.filter((other) => other !== known), entry].slice(-KEPT) };
  });
}

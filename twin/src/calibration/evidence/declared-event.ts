import type { TwinDefinition } from "../../definition/twin-definition.ts";
import { type Fault, FaultsError } from "../../errors.ts";
import type { EvidenceRow } from "../rows.ts";

/** Evidence that no stream carries: each with an identity of its own, so that telling it twice changes nothing. */
export type DeclaredEvent =
  /** A parameter measured by hand or in a laboratory, on its natural scale, with that method's own error. */
  | {
      readonly kind: "inspection";
      readonly id: string;
      readonly at: number;
      readonly parameter: string;
      readonly value: number;
      readonly sd: number;
    }
  /** An output of the model (a signal or a virtual sensor) measured once by other means; the signal's bias does not touch it. */
  | {
      readonly kind: "measurement";
      readonly id: string;
      readonly at: number;
      readonly output: string;
      readonly value: number;
      readonly sd: number;
    }
  /** A part was replaced or repaired: what was known of this one parameter is void, the others keep what they know. */
  | {
      readonly kind: "maintenance";
      readonly id: string;
      readonly at: number;
      readonly parameter: string;
      /** Belief about the new part; absent: the twin's declared prior. */
      readonly prior?: { readonly mean: number; readonly sd: number };
    };

export type Evidence =
  | { readonly kind: "row"; readonly row: EvidenceRow }
  | { readonly kind: "event"; readonly event: DeclaredEvent };

const RANK = { maintenance: 0, inspection: 1, measurement: 2 } as const satisfies Record<
  DeclaredEvent["kind"],
  number
>;

/**
 * Rows and events in canonical order: event time; at one time maintenance, then inspections and measurements by identity,
 * then the row. Events are taken once each.
 * @throws {FaultsError} BAD_EVENTS: everything that is wrong with them, at once.
 */
export function inCanonicalOrder(
  definition: TwinDefinition,
  rows: readonly EvidenceRow[],
  events: readonly DeclaredEvent[],
): Evidence[] {
  const faults = events.flatMap((event) => faultsOf(definition, event));
  const byIdentity = new Map<string, DeclaredEvent>();
  for (const event of events) {
    const known = byIdentity.get(event.id);
    if (known && JSON.stringify(known) !== JSON.stringify(event))
      faults.push({
        path: `event ${event.id}`,
        found: "two events of this identity that differ",
        expected: "one",
      });
    byIdentity.set(event.id, event);
  }
  if (faults.length > 0)
    throw new FaultsError(
      "BAD_EVENTS",
      "the list of declared events",
      faults,
      "correct these events and read the list again",
    );
  const ordered = [...byIdentity.values()].sort(
    (left, right) =>
      left.at - right.at || RANK[left.kind] - RANK[right.kind] || (left.id < right.id ? -1 : 1),
  );
  const evidence: Evidence[] = [];
  let next = 0;
  for (const row of rows) {
    for (; next < ordered.length && (ordered[next] as DeclaredEvent).at <= row.at; next++)
      evidence.push({ kind: "event", event: ordered[next] as DeclaredEvent });
    evidence.push({ kind: "row", row });
  }
  for (const event of ordered.slice(next)) evidence.push({ kind: "event", event });
  return evidence;
}

function faultsOf({ parameters, signals, virtualSensors }: TwinDefinition, event: DeclaredEvent): Fault[] {
  const faults: Fault[] = [];
  const fault = (field: string, found: unknown, expected: string): void => {
    faults.push({ path: `event ${event.id}.${field}`, found: String(found), expected });
  };
  if (!Number.isFinite(event.at)) fault("at", event.at, "an event time, ms since the Unix epoch");
  if (event.kind === "measurement") {
    const outputs = [...signals, ...virtualSensors].map(({ id }) => id);
    if (!outputs.includes(event.output)) fault("output", event.output, `one of ${outputs.join(", ")}`);
  } else if (!parameters.some(({ id }) => id === event.parameter)) {
    fault("parameter", event.parameter, `one of ${parameters.map(({ id }) => id).join(", ")}`);
  }
  if (event.kind === "maintenance") {
    const { mean, sd } = event.prior ?? { mean: 0, sd: 1 };
    if (!Number.isFinite(mean)) fault("prior.mean", mean, "a finite number");
    if (!(Number.isFinite(sd) && sd > 0)) fault("prior.sd", sd, "a positive number");
  } else {
    if (!Number.isFinite(event.value)) fault("value", event.value, "a finite number");
    if (!(Number.isFinite(event.sd) && event.sd > 0))
      fault("sd", event.sd, "the method's standard error, positive");
  }
  return faults;
}

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
    const known = byIdentity.get(event?.id);
    if (known && JSON.stringify(known) !== JSON.stringify(event))
      faults.push({
        path: `event ${event.id}`,
        found: "two events of this identity that differ",
        expected: "one",
      });
    byIdentity.set(event?.id, event);
  }
  refuse("the list of declared events", faults);
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

/** @throws {FaultsError} BAD_EVENTS */
export function checkEvent(definition: TwinDefinition, event: DeclaredEvent): void {
  refuse("the declared event", faultsOf(definition, event));
}

function refuse(what: string, faults: readonly Fault[]): void {
  if (faults.length > 0)
    throw new FaultsError("BAD_EVENTS", what, faults, "correct what is wrong and tell it again");
}

/** An honest method errs by more than this, in its standard errors, once in 30 000 times. */
const FEW = 4;

function faultsOf({ parameters, signals, virtualSensors }: TwinDefinition, event: DeclaredEvent): Fault[] {
  const faults: Fault[] = [];
  const { id, kind, at } = Object(event) as Partial<DeclaredEvent>;
  const fault = (field: string, found: unknown, expected: string): void => {
    faults.push({ path: `event ${id}.${field}`, found: String(found), expected });
  };
  if (typeof id !== "string" || id === "")
    fault("id", id, "an identity, so that telling it twice changes nothing");
  if (!Number.isFinite(at)) fault("at", at, "an event time, ms since the Unix epoch");
  if (kind === undefined || !Object.hasOwn(RANK, kind)) {
    fault("kind", kind, `one of ${Object.keys(RANK).join(", ")}`);
    return faults;
  }
  const [field, named, known] =
    event.kind === "measurement"
      ? (["output", event.output, [...signals, ...virtualSensors]] as const)
      : (["parameter", event.parameter, parameters] as const);
  if (!known.some((one) => one.id === named))
    fault(field, named, `one of ${known.map((one) => one.id).join(", ")}`);
  const claim = claimOf(event);
  if (!claim) return faults;
  const { path, value, sd, reach } = claim;
  if (!Number.isFinite(value)) fault(path, value, "a finite number");
  if (!(sd > 0 && sd ** 2 > 0 && Number.isFinite(sd ** 2)))
    fault(event.kind === "maintenance" ? "prior.sd" : "sd", sd, "a standard error, positive and finite");
  const [low, high] = parameters.find((one) => one.id === named)?.bounds ?? [-Infinity, Infinity];
  if (event.kind !== "measurement" && (value < low - reach || value > high + reach))
    fault(path, value, `one inside the bounds [${low}, ${high}], but for ${FEW} of its standard errors`);
  return faults;
}

/** The number that an event claims, and how far outside a parameter's bounds it may lie by its own error. */
function claimOf(
  event: DeclaredEvent,
):
  | { readonly path: string; readonly value: number; readonly sd: number; readonly reach: number }
  | undefined {
  if (event.kind !== "maintenance")
    return { path: "value", value: event.value, sd: event.sd, reach: FEW * event.sd };
  return event.prior && { path: "prior.mean", value: event.prior.mean, sd: event.prior.sd, reach: 0 };
}

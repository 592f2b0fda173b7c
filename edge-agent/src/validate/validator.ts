import { isUsable, type Reading, roundTo } from "@plumbline/twin/contract/reading";
import type { SignalDefinition, TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { TwinError } from "@plumbline/twin/errors";
import { frozen } from "./frozen.ts";
import { Identities } from "./identities.ts";
import { type Candidate, type Context, type Mark, PREDICATES } from "./predicates.ts";
import { NO_HISTORY, remember, type SignalHistory } from "./signal-history.ts";

export type Judged = { readonly kind: "reading"; readonly reading: Reading } | { readonly kind: "duplicate" };

/** Everything validation remembers besides the identities, as plain JSON. */
export interface ValidatorState {
  readonly signals: Readonly<Record<string, SignalHistory>>;
  /** Highest honest event time of the readings seen, ms; null before the first. */
  readonly newest: number | null;
  /** The same over the sealed frames alone: what lateness is measured against (CONTRACT §5). */
  readonly sealedNewest: number | null;
}

/**
 * Judges each reading once. Holds:
 *  - a reading is never dropped unless it is the same reading as one kept before;
 *  - its value is rounded to the signal's resolution here, and nowhere else;
 *  - the state is a function of the accepted readings alone: replaying them rebuilds it.
 */
export class Validator {
  readonly #signals: ReadonlyMap<string, SignalDefinition>;
  readonly #lateness: number;
  readonly #identities = new Identities();
  readonly #histories = new Map<string, SignalHistory>();
  #newest: number | null = null;
  #sealedNewest: number | null = null;

  constructor(definition: TwinDefinition) {
    this.#signals = new Map(definition.signals.map((signal) => [signal.id, signal]));
    this.#lateness = definition.policy.lateness;
  }

  knows = (signal: string): boolean => this.#signals.has(signal);

  judge({ signal, ...candidate }: Candidate & { readonly signal: string }, latestHonest: number): Judged {
    const definition = this.#definition(signal);
    const value = Number.isFinite(candidate.value)
      ? roundTo(candidate.value, definition.resolution)
      : Number.NaN;
    const { boot, counter, at } = candidate;
    const identified = boot === undefined || counter === undefined ? {} : { boot, counter };
    const bare: Reading = { signal, at, value, quality: "GOOD", ...identified };
    if (this.#identities.has(bare)) return { kind: "duplicate" };
    const history = this.#histories.get(signal) ?? NO_HISTORY;
    const mark =
      firstMark({ ...candidate, value }, { signal: definition, history, latestHonest }) ??
      frozen(value, definition, history);
    const standing = this.#standing(bare, mark);
    return {
      kind: "reading",
      reading: { ...bare, ...(mark ?? {}), ...(standing === undefined ? {} : { reason: standing }) },
    };
  }

  /** Late or the loser of a conflict: kept with its quality, but not used. A BAD reading's own reason says more. */
  #standing(reading: Reading, mark: Mark): "late" | "conflict" | undefined {
    if (mark?.quality === "BAD") return undefined;
    if (this.#identities.conflicts(reading)) return "conflict";
    return this.#sealedNewest !== null && reading.at < this.#sealedNewest - this.#lateness
      ? "late"
      : undefined;
  }

  /** A judged reading was taken into the journal (or is replayed from it). */
  accept(reading: Reading): void {
    this.#identities.add(reading);
    const { signal, reason } = reading;
    if (reason !== "late" && reason !== "conflict") {
      const accepted = { ...reading, usable: isUsable(reading) };
      this.#histories.set(signal, remember(this.#histories.get(signal) ?? NO_HISTORY, accepted));
    }
    if (reason !== "clock") this.#newest = Math.max(this.#newest ?? reading.at, reading.at);
  }

  /** A reading of a frame sealed before the state was stored: its identity counts, nothing else. */
  recall(reading: Reading): void {
    this.#identities.add(reading);
  }

  /** The open frame was sealed: lateness is measured against it from here on. */
  sealed(): void {
    this.#sealedNewest = this.#newest;
  }

  get newest(): number | null {
    return this.#newest;
  }

  state(): ValidatorState {
    return {
      signals: Object.fromEntries(this.#histories),
      newest: this.#newest,
      sealedNewest: this.#sealedNewest,
    };
  }

  restore({ signals, newest, sealedNewest }: ValidatorState): void {
    for (const [signal, history] of Object.entries(signals)) this.#histories.set(signal, history);
    this.#newest = newest;
    this.#sealedNewest = sealedNewest;
  }

  #definition(signal: string): SignalDefinition {
    const found = this.#signals.get(signal);
    if (found) return found;
    throw new TwinError("UNKNOWN_SIGNAL", `no signal is called ${signal}`, "reject it before it is judged");
  }
}

function firstMark(candidate: Candidate, context: Context): Mark {
  for (const predicate of PREDICATES) {
    const mark = predicate(candidate, context);
    if (mark) return mark;
  }
  return undefined;
}

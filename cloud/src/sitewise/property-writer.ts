import { TwinError } from "@plumbline/twin/errors";
import type { Backoff } from "../backoff.ts";
import { isQuota, type Outcome, outcomeOf } from "./outcome.ts";
import {
  ENTRIES_PER_REQUEST,
  type Entry,
  type EntryFault,
  type Point,
  type PropertyStore,
  RequestFault,
} from "./point.ts";

/** A point that must take another lane. */
export interface Diverted {
  readonly alias: string;
  readonly point: Point;
  readonly outcome: Exclude<Outcome, "retry">;
  readonly code: string;
  readonly message: string;
}

const ATTEMPTS = 8;
/** Requests under way at once; more would only meet the account's rate limit sooner. */
const IN_FLIGHT = 4;

/**
 * Writes points and gives back those that need another lane. Holds:
 *  - when it returns, every point is stored or in the answer;
 *  - it throws, and promises nothing, when the service stays busy: the caller sends everything again.
 */
export class PropertyWriter {
  readonly #store: PropertyStore;
  readonly #now: () => number;
  readonly #backoff: Backoff;

  constructor(store: PropertyStore, now: () => number, backoff: Backoff) {
    this.#store = store;
    this.#now = now;
    this.#backoff = backoff;
  }

  async write(entries: readonly Entry[]): Promise<Diverted[]> {
    const requests: (readonly Entry[])[] = [];
    for (let start = 0; start < entries.length; start += ENTRIES_PER_REQUEST) {
      requests.push(entries.slice(start, start + ENTRIES_PER_REQUEST));
    }
    const diverted: Diverted[] = [];
    for (let start = 0; start < requests.length; start += IN_FLIGHT) {
      const batch = requests.slice(start, start + IN_FLIGHT);
      diverted.push(...(await Promise.all(batch.map((request) => this.#settle(request)))).flat());
    }
    return diverted;
  }

  /** Repeats what may pass later, per point, until nothing is left. */
  async #settle(request: readonly Entry[]): Promise<Diverted[]> {
    const diverted: Diverted[] = [];
    let pending = request;
    let fault = "";
    for (let attempt = 0; attempt < ATTEMPTS && pending.length > 0; attempt++) {
      if (attempt > 0) await this.#backoff.wait(attempt);
      const answer = await this.#attempt(pending, attempt === ATTEMPTS - 1);
      diverted.push(...answer.diverted);
      pending = answer.retry;
      fault = answer.fault;
    }
    if (pending.length === 0) return diverted;
    throw new TwinError(
      "SITEWISE_BUSY",
      `SiteWise did not take ${pending.length} entries in ${ATTEMPTS} attempts (${fault})`,
      "the frame is not acknowledged and comes again; if this lasts, look at the account's quotas",
      { retry: "later" },
    );
  }

  async #attempt(entries: readonly Entry[], last: boolean): Promise<Judged> {
    try {
      return judge(entries, await this.#store.put(entries), this.#now(), last);
    } catch (error) {
      if (!(error instanceof RequestFault)) throw error;
      return this.#refused(entries, error, last);
    }
  }

  /** A refused request is halved until the point that poisons it stands alone. */
  async #refused(entries: readonly Entry[], fault: RequestFault, last: boolean): Promise<Judged> {
    const halves = outcomeOf(fault.code, 0, 0) === "dead-letter" ? halved(entries) : undefined;
    if (!halves)
      return judge(
        entries,
        [...entries.keys()].map((entry) => ({ entry, code: fault.code, message: fault.message, at: [] })),
        this.#now(),
        last,
      );
    const answers = [await this.#attempt(halves[0], last), await this.#attempt(halves[1], last)];
    return {
      diverted: answers.flatMap(({ diverted }) => diverted),
      retry: answers.flatMap(({ retry }) => retry),
      fault: answers.map(({ fault: told }) => told).find((told) => told !== "") ?? "",
    };
  }
}

interface Judged {
  readonly diverted: readonly Diverted[];
  readonly retry: readonly Entry[];
  readonly fault: string;
}

/** Sorts an answer's faults: per entry and, where the service names times, per point. */
function judge(entries: readonly Entry[], faults: readonly EntryFault[], now: number, last: boolean): Judged {
  const diverted: Diverted[] = [];
  const retry: Entry[] = [];
  for (const [index, { alias, points }] of entries.entries()) {
    const again: Point[] = [];
    for (const point of points) {
      const fault = faults.find(
        ({ entry, at }) => entry === index && (at.length === 0 || at.includes(point.at)),
      );
      if (!fault) continue;
      const { code, message } = fault;
      const outcome = outcomeOf(code, point.at, now);
      if (outcome !== "retry") diverted.push({ alias, point, outcome, code, message });
      else if (last && isQuota(code)) diverted.push({ alias, point, outcome: "park", code, message });
      else again.push(point);
    }
    if (again.length > 0) retry.push({ alias, points: again });
  }
  return { diverted, retry, fault: faults[0] ? `${faults[0].code}: ${faults[0].message}` : "" };
}

function halved(entries: readonly Entry[]): readonly [readonly Entry[], readonly Entry[]] | undefined {
  const half = (list: readonly Entry[] | readonly Point[]): number => Math.ceil(list.length / 2);
  if (entries.length > 1) return [entries.slice(0, half(entries)), entries.slice(half(entries))];
  const [only] = entries;
  if (!only || only.points.length < 2) return undefined;
  const { alias, points } = only;
  return [
    [{ alias, points: points.slice(0, half(points)) }],
    [{ alias, points: points.slice(half(points)) }],
  ];
}

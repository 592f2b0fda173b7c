import { type Reading, readingIdentity } from "@plumbline/twin/contract/reading";

/** A redelivery after a crash comes within the source's window; this is far above any. */
export const IDENTITY_HORIZON = 8_192;

/**
 * The identities of exactly the last {@link IDENTITY_HORIZON} kept readings: a function of the reading sequence alone, so
 * that the same redelivery is recognised before and after a restart.
 */
export class Identities {
  readonly #ring: { identity: string; place: string }[] = [];
  readonly #identities = new Set<string>();
  /** How many readings of the horizon stand at one (signal, event time). */
  readonly #places = new Map<string, number>();
  #next = 0;

  /** Readings that have been delivered before are dropped: they are the same reading. */
  has(reading: Reading): boolean {
    return this.#identities.has(readingIdentity(reading));
  }

  /** Another reading of the same signal at the same event time was committed first: it wins. */
  conflicts({ signal, at }: Reading): boolean {
    return this.#places.has(`${signal}|${at}`);
  }

  add(reading: Reading): void {
    const entry = { identity: readingIdentity(reading), place: `${reading.signal}|${reading.at}` };
    const leaving = this.#ring[this.#next];
    if (leaving) this.#forget(leaving);
    this.#ring[this.#next] = entry;
    this.#next = (this.#next + 1) % IDENTITY_HORIZON;
    this.#identities.add(entry.identity);
    this.#places.set(entry.place, (this.#places.get(entry.place) ?? 0) + 1);
  }

  #forget({ identity, place }: { identity: string; place: string }): void {
    this.#identities.delete(identity);
    const left = (this.#places.get(place) ?? 1) - 1;
    if (left === 0) this.#places.delete(place);
    else this.#places.set(place, left);
  }
}

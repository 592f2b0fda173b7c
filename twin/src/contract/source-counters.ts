/** A reading's identity at its source; `undefined`: the payload had none. */
export type SourceIdentity = { readonly boot: string; readonly counter: number } | undefined;

/**
 * Foretells the identity of the next reading, so that a frame lists only surprises. Encoder and decoder run the same.
 *
 *  - a signal seen twice goes on by the same stride: 1 for a counter of its own, the number of signals for a shared one;
 *  - before that a shared counter is assumed: one more than the newest reading's, whatever its signal.
 */
export class SourceCounters {
  readonly #seen = new Map<
    number,
    { readonly identity: SourceIdentity; readonly stride: number | undefined }
  >();
  #newest: SourceIdentity;

  expect(signal: number): SourceIdentity {
    const before = this.#seen.get(signal);
    if (before === undefined) return next(this.#newest, 1);
    return before.stride === undefined ? next(this.#newest, 1) : next(before.identity, before.stride);
  }

  note(signal: number, identity: SourceIdentity): void {
    const before = this.#seen.get(signal)?.identity;
    const same = before !== undefined && identity !== undefined && before.boot === identity.boot;
    this.#seen.set(signal, { identity, stride: same ? identity.counter - before.counter : undefined });
    this.#newest = identity;
  }
}

const next = (identity: SourceIdentity, stride: number): SourceIdentity => {
  if (identity === undefined) return undefined;
  const counter = identity.counter + stride;
  return Number.isSafeInteger(counter) && counter >= 0 ? { boot: identity.boot, counter } : undefined;
};

export const sameIdentity = (left: SourceIdentity, right: SourceIdentity): boolean =>
  left?.boot === right?.boot && left?.counter === right?.counter;

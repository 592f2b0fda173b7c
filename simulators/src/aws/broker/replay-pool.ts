/** One message and how often it is still to be delivered. */
interface Pooled<T> {
  readonly item: T;
  readonly left: number;
  /** Delivered at least once. */
  readonly seen: boolean;
}

/**
 * A pool that hands every message out `copies` times in a random order, mixed with copies of up to `MIX` messages
 * before it: what a broker does that redelivers late. Nothing is ever dropped. State in, state out; the dice are an
 * argument (`dice()` in [0, 1)).
 */
export interface ReplayPool<T> {
  readonly copies: number;
  readonly waiting: readonly Pooled<T>[];
}

export interface Drawn<T> {
  readonly pool: ReplayPool<T>;
  readonly out: readonly T[];
}

/** How many earlier messages may still have copies in the pool. */
export const MIX = 20;

export const emptyPool = <T>(copies: number): ReplayPool<T> => ({ copies, waiting: [] });

/** Adds a message; what comes out keeps the pool to `MIX` messages. */
export function enter<T>(pool: ReplayPool<T>, item: T, dice: () => number): Drawn<T> {
  const waiting = [...pool.waiting, { item, left: pool.copies, seen: false }];
  return draw({ ...pool, waiting }, ({ waiting: left }) => left.length > MIX, dice);
}

/** Draws until every message in the pool was handed out at least once: what is asked for when no more arrive. */
export const settle = <T>(pool: ReplayPool<T>, dice: () => number): Drawn<T> =>
  draw(pool, ({ waiting }) => waiting.some(({ seen }) => !seen), dice);

/** Draws all that is left. */
export const drain = <T>(pool: ReplayPool<T>, dice: () => number): Drawn<T> =>
  draw(pool, ({ waiting }) => waiting.length > 0, dice);

function draw<T>(pool: ReplayPool<T>, more: (pool: ReplayPool<T>) => boolean, dice: () => number): Drawn<T> {
  const out: T[] = [];
  let now = pool;
  while (more(now)) {
    const at = Math.min(Math.floor(dice() * now.waiting.length), now.waiting.length - 1);
    const drawn = now.waiting[at];
    if (drawn === undefined) break;
    out.push(drawn.item);
    const rest = drawn.left > 1 ? [{ ...drawn, left: drawn.left - 1, seen: true }] : [];
    now = { ...now, waiting: [...now.waiting.slice(0, at), ...rest, ...now.waiting.slice(at + 1)] };
  }
  return { pool: now, out };
}

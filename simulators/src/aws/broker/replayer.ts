import { type Drawn, drain, emptyPool, enter, type ReplayPool, settle } from "./replay-pool.ts";
import { seededDice } from "./seeded-dice.ts";

/** Quiet for this long, ms of wall time: every message is handed out once, copies of late ones stay for mixing. */
const SETTLE_AFTER = 5;
/** Quiet for this long: the copies go out too. */
const DRAIN_AFTER = 500;

/** The replay pool with its timers: holds back, shuffles and doubles frames, and loses none. */
export class Replayer<T> {
  private pool: ReplayPool<T>;
  private readonly dice: () => number;
  private readonly deliver: (item: T) => void;
  private settling: NodeJS.Timeout | undefined;
  private draining: NodeJS.Timeout | undefined;

  constructor(
    { copies, seed }: { readonly copies: number; readonly seed: number },
    deliver: (item: T) => void,
  ) {
    this.pool = emptyPool(copies);
    this.dice = seededDice(seed);
    this.deliver = deliver;
  }

  take(item: T): void {
    this.apply(enter(this.pool, item, this.dice));
    clearTimeout(this.settling);
    clearTimeout(this.draining);
    this.settling = setTimeout(() => this.apply(settle(this.pool, this.dice)), SETTLE_AFTER);
    this.draining = setTimeout(() => this.apply(drain(this.pool, this.dice)), DRAIN_AFTER);
  }

  /** Hands out all that is held: nothing is dropped at the end either. */
  close(): void {
    clearTimeout(this.settling);
    clearTimeout(this.draining);
    this.apply(drain(this.pool, this.dice));
  }

  private apply({ pool, out }: Drawn<T>): void {
    this.pool = pool;
    for (const item of out) this.deliver(item);
  }
}

/** Tokens at a time: `tokens` of at most `rate` (one second's worth), `at` in ms. */
export interface TokenBucket {
  readonly tokens: number;
  readonly at: number;
}

/** Fills at `rate` tokens per second up to one second's worth, then takes `wanted`; `undefined` when they are not there. */
export function take(
  bucket: TokenBucket | undefined,
  rate: number,
  wanted: number,
  now: number,
): TokenBucket | undefined {
  // A clock that was set back fills nothing, and must not empty either.
  const elapsed = bucket === undefined ? Number.POSITIVE_INFINITY : Math.max(0, now - bucket.at);
  const filled = bucket === undefined ? rate : Math.min(rate, bucket.tokens + (elapsed * rate) / 1_000);
  return wanted <= filled ? { tokens: filled - wanted, at: now } : undefined;
}

/** Buckets by name, on one clock. */
export class RateLimits {
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** Takes all of `wanted`, or nothing and says no. */
  allows(name: string, rate: number, wanted = 1): boolean {
    const left = take(this.buckets.get(name), rate, wanted, this.now());
    if (left !== undefined) this.buckets.set(name, left);
    return left !== undefined;
  }
}

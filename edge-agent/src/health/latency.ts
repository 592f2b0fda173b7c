/** Commit latencies of the last commits, ms: enough for a 99th percentile, in constant space. */
export class Latency {
  readonly #ring = new Float64Array(1_024);
  #count = 0;

  add(milliseconds: number): void {
    this.#ring[this.#count % this.#ring.length] = milliseconds;
    this.#count++;
  }

  summary(): {
    readonly commits: number;
    readonly lastMs: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
  } {
    const seen = Math.min(this.#count, this.#ring.length);
    const sorted = this.#ring.slice(0, seen).sort();
    const at = (share: number): number => round(sorted[Math.max(Math.ceil(share * seen) - 1, 0)] ?? 0);
    return {
      commits: this.#count,
      lastMs: round(this.#ring[(this.#count - 1 + this.#ring.length) % this.#ring.length] ?? 0),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    };
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

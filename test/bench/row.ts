/** One benchmark's result: a figure, its baseline from the same run, and the ratio that is promised. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: number;
  readonly ratio: number;
  readonly better: "higher" | "lower";
  /** The promised ratio value/baseline. */
  readonly target: number;
  readonly holds: boolean;
  readonly skipped?: string;
}

export interface Bench {
  readonly name: string;
  readonly run: () => Promise<BenchRow> | BenchRow;
}

export function benchRow(
  name: string,
  unit: string,
  value: number,
  baseline: number,
  better: BenchRow["better"],
  target: number,
): BenchRow {
  const ratio = value / baseline;
  return {
    name,
    value,
    unit,
    baseline,
    ratio,
    better,
    target,
    holds: better === "higher" ? ratio >= target : ratio <= target,
  };
}

/** Rates of two jobs run in turn, A B A B …, so that a drift of the machine meets both; medians. */
export async function inTurn(
  rounds: number,
  first: () => Promise<number> | number,
  second: () => Promise<number> | number,
): Promise<[number, number]> {
  const figures: [number[], number[]] = [[], []];
  await first();
  await second();
  for (let round = 0; round < rounds; round++) {
    figures[0].push(await first());
    figures[1].push(await second());
  }
  return [median(figures[0]), median(figures[1])];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Milliseconds that a job takes. */
export function elapsed(job: () => void): number {
  const start = performance.now();
  job();
  return performance.now() - start;
}

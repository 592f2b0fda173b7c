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
  /** Why it did not run. */
  readonly skipped?: string;
  /** Why it does not hold, when it is not the ratio. */
  readonly fault?: string;
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

/** A row that did not run: told by name, never left out. */
export const skippedRow = (name: string, unit: string, reason: string): BenchRow => ({
  ...benchRow(name, unit, Number.NaN, Number.NaN, "lower", Number.NaN),
  skipped: reason,
});

/** Speed counts only between programs that give the same answer: |a − b| ≤ tolerance · max(1, |b|), number by number. */
export function ifAgreeing(
  row: BenchRow,
  answer: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): BenchRow {
  let worst = answer.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  for (let index = 0; index < expected.length; index++) {
    const wanted = expected[index] as number;
    const apart = Math.abs((answer[index] as number) - wanted) / Math.max(1, Math.abs(wanted));
    worst = apart <= worst ? worst : apart;
  }
  if (worst <= tolerance) return row;
  return {
    ...row,
    holds: false,
    fault: `answers differ by ${worst.toPrecision(2)}, allowed ${tolerance}`,
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

import { TwinError } from "../../errors.ts";
import { requireOption } from "./options.ts";

/** What happened to the model runs of a calibration: a number that a report must show. */
export interface RunCounts {
  /** Calls of the model, retries included. */
  readonly runs: number;
  /** Runs that threw or gave a value that is not finite. */
  readonly failed: number;
  /** Runs made again after a failure. */
  readonly retried: number;
  /** Points given up after the last retry. */
  readonly dropped: number;
  /** Runs that ended well and said that their point cannot be: a likelihood of zero. */
  readonly impossible?: number;
  /** What the first failure said. */
  readonly firstFailure?: string;
}

export interface FailurePolicy {
  /** Runs made again at the same point (a solver or a worker process may fail by chance). Default 0. */
  readonly retries?: number;
  /** Share of points that may be dropped before the whole calibration is given up. Default 0.5. */
  readonly tolerated?: number;
}

/** Below so many points a share of failures says nothing. */
const ENOUGH_POINTS = 20;

/**
 * Runs a model that may fail, and keeps the books. A failed run has no value: it is `false` (or −∞ as a log-density),
 * for the caller to reject, drop or weigh as impossible.
 */
export class Evaluator {
  readonly #retries: number;
  readonly #tolerated: number;
  #points = 0;
  #runs = 0;
  #failed = 0;
  #retried = 0;
  #dropped = 0;
  #impossible = 0;
  #firstFailure: string | undefined;

  constructor({ retries = 0, tolerated = 0.5 }: FailurePolicy = {}) {
    requireOption(
      Number.isInteger(retries) && retries >= 0,
      "failures.retries",
      retries,
      "a whole number, 0 or more",
    );
    requireOption(tolerated >= 0 && tolerated <= 1, "failures.tolerated", tolerated, "a share from 0 to 1");
    this.#retries = retries;
    this.#tolerated = tolerated;
  }

  /**
   * `run` writes into `out`; true when every value is finite.
   * @throws {TwinError} MODEL_FAILS when more than the tolerated share of at least 20 points was dropped.
   */
  evaluate(run: (out: Float64Array) => void, out: Float64Array): boolean {
    this.#points++;
    for (let attempt = 0; attempt <= this.#retries; attempt++) {
      if (attempt > 0) this.#retried++;
      if (this.#attempt(run, out)) return true;
    }
    this.#dropped++;
    this.#giveUpWhenHopeless();
    return false;
  }

  /**
   * Log-densities of many points, value i of point i; −∞ where a point is impossible or its runs failed.
   * @param run gives one value a point; NaN and +∞ are failures, and only those points are run again.
   * @throws {TwinError} MODEL_FAILS as above; WRONG_COUNT when `run` gives more or fewer values than points.
   */
  logDensities<Point>(
    points: readonly Point[],
    run: (points: readonly Point[]) => ArrayLike<number>,
  ): Float64Array {
    const values = new Float64Array(points.length);
    this.#points += points.length;
    let open = points.map((_, index) => index);
    for (let attempt = 0; attempt <= this.#retries && open.length > 0; attempt++) {
      if (attempt > 0) this.#retried += open.length;
      open = this.#attemptMany(points, open, run, values);
    }
    for (const index of open) values[index] = Number.NEGATIVE_INFINITY;
    this.#dropped += open.length;
    if (open.length > 0) this.#giveUpWhenHopeless();
    return values;
  }

  /** The log-density of one point, as above. */
  logDensity(run: () => number): number {
    return this.logDensities([run], (points) => points.map((point) => this.guarded(point)))[0] as number;
  }

  /** NaN where `run` throws; what it said is kept if it was the first. */
  guarded(run: () => number): number {
    try {
      return run();
    } catch (error) {
      this.#firstFailure ??= error instanceof Error ? error.message : String(error);
      return Number.NaN;
    }
  }

  /** Fills in the values of the points of `open` that ran; gives those that did not. */
  #attemptMany<Point>(
    points: readonly Point[],
    open: readonly number[],
    run: (points: readonly Point[]) => ArrayLike<number>,
    values: Float64Array,
  ): number[] {
    const found = run(open.map((index) => points[index] as Point));
    this.#runs += open.length;
    if (found.length !== open.length)
      throw new TwinError(
        "WRONG_COUNT",
        `${open.length} points gave ${found.length} log-likelihoods`,
        "expected one value a point, in the points' order, NaN where a run failed",
      );
    const failed: number[] = [];
    open.forEach((index, position) => {
      const value = found[position] as number;
      values[index] = value;
      if (value === Number.NEGATIVE_INFINITY) this.#impossible++;
      else if (!Number.isFinite(value)) {
        this.#firstFailure ??= `the log-likelihood was ${value}`;
        failed.push(index);
      }
    });
    this.#failed += failed.length;
    return failed;
  }

  #attempt(run: (out: Float64Array) => void, out: Float64Array): boolean {
    this.#runs++;
    try {
      out.fill(Number.NaN);
      run(out);
      const bad = out.findIndex((value) => !Number.isFinite(value));
      if (bad < 0) return true;
      this.#firstFailure ??= `output ${bad} was ${out[bad]}`;
    } catch (error) {
      this.#firstFailure ??= error instanceof Error ? error.message : String(error);
    }
    this.#failed++;
    return false;
  }

  #giveUpWhenHopeless(): void {
    if (this.#points < ENOUGH_POINTS || this.#dropped <= this.#tolerated * this.#points) return;
    throw new TwinError(
      "MODEL_FAILS",
      `${this.#dropped} of ${this.#points} points gave no finite value; the first said: ${this.#firstFailure}`,
      "narrow the priors to where the model runs, or mend the model; `tolerated` allows a larger share",
    );
  }

  counts(): RunCounts {
    return {
      runs: this.#runs,
      failed: this.#failed,
      retried: this.#retried,
      dropped: this.#dropped,
      ...(this.#impossible === 0 ? {} : { impossible: this.#impossible }),
      ...(this.#firstFailure === undefined ? {} : { firstFailure: this.#firstFailure }),
    };
  }
}

import { TwinError } from "../../errors.ts";

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
 * Runs a model that may fail, and keeps the books. A failed run has no value: it is `false`, for the caller to reject,
 * drop or weigh as impossible.
 */
export class Evaluator {
  readonly #retries: number;
  readonly #tolerated: number;
  #points = 0;
  #runs = 0;
  #failed = 0;
  #retried = 0;
  #dropped = 0;
  #firstFailure: string | undefined;

  constructor({ retries = 0, tolerated = 0.5 }: FailurePolicy = {}) {
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
      ...(this.#firstFailure === undefined ? {} : { firstFailure: this.#firstFailure }),
    };
  }
}

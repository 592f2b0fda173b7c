import { type Bench, type BenchRow, benchRow, ifAgreeing, inTurn, median, skippedRow } from "../row.ts";
import { findPython, PYTHONS, PythonEnded, PythonTask, type Timing } from "./python.ts";

/** One task, done by the product and by a Python program that others use for it. */
export interface PeerTask {
  readonly name: string;
  /** Modules of Python. */
  readonly modules: readonly string[];
  readonly script: string;
  /** Which task of the script. */
  readonly task: string;
  readonly prepare: () => PreparedTask;
  readonly unit: string;
  /** Product's time by the peer's, at most. */
  readonly target: number;
  /** Of the answers, relative to what is larger than 1. */
  readonly tolerance: number;
}

export interface PreparedTask {
  /** What both work on. */
  readonly input: unknown;
  /** The same task by the product. Best 50 µs to 2 ms long: seen by the clock, mostly not interrupted. */
  readonly run: () => ArrayLike<number>;
  /** From ms per run to the unit. */
  readonly scale: number;
  /** The same for the peer, when its runs are of another length. */
  readonly peerScale?: number;
}

const ROUNDS = 5;
/** ms until the product's code is compiled for what it does; Python's is compiled already. */
const WARM_UP = 400;
/** ms of one round, for each side. */
const BUDGET = 60;

/**
 * A row `peer:…`: medians of both sides in turn, Python by its own clock. Skipped, with the reason, where Python or a module is
 * absent.
 */
export function againstPeer(task: PeerTask, pythons: readonly string[] = PYTHONS): Bench {
  const name = `peer:${task.name}`;
  return {
    name,
    run: async () => {
      const found = findPython(task.modules, pythons);
      if ("lacking" in found) return skippedRow(name, task.unit, found.lacking);
      return compare(name, task, found.python);
    },
  };
}

async function compare(name: string, task: PeerTask, python: string): Promise<BenchRow> {
  const { unit, target, tolerance } = task;
  const { input, run, scale, peerScale = scale } = task.prepare();
  const peer = new PythonTask(python, task.script, task.task, input);
  let ours: Timing = { millis: Number.NaN, answer: [] };
  let theirs = ours;
  try {
    timed(run, WARM_UP);
    const [value, baseline] = await inTurn(
      ROUNDS,
      () => {
        ours = timed(run, BUDGET);
        return ours.millis * scale;
      },
      async () => {
        theirs = await peer.time(BUDGET);
        return theirs.millis * peerScale;
      },
    );
    return ifAgreeing(
      benchRow(name, unit, value, baseline, "lower", target),
      ours.answer,
      theirs.answer,
      tolerance,
    );
  } catch (error) {
    if (!(error instanceof PythonEnded)) throw error;
    return skippedRow(name, unit, error.message);
  } finally {
    peer.end();
  }
}

/** As `serve.py` does it. */
function timed(run: () => ArrayLike<number>, budget: number): Timing {
  const until = performance.now() + budget;
  const times: number[] = [];
  let answer: ArrayLike<number> = [];
  while (times.length === 0 || performance.now() < until) {
    const start = performance.now();
    answer = run();
    times.push(performance.now() - start);
  }
  return { millis: median(times), answer };
}

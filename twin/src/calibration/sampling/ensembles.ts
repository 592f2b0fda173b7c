import { TwinError } from "../../errors.ts";
import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Dice } from "../../random/dice.ts";
import type { InBatches, Target } from "../problem/target.ts";
import { type Convergence, convergenceOf, worstOf } from "./convergence.ts";
import { type Moving, type Population, sweep } from "./population.ts";
import type { Proposals } from "./proposals.ts";
import { Recorder } from "./recorder.ts";
import { fittedToOthers } from "./settling.ts";
import { Standstill } from "./standstill.ts";

export interface EnsembleOptions {
  /** R-hat to get below, for every unknown. Default 1.01. */
  readonly rhat?: number;
  /** Effective draws to reach in all, bulk and tail, for every unknown. Default 1000. */
  readonly ess?: number;
  /**
   * Effective draws that each walker must give besides, none standing still for a fifth of the sweeps: for starts that may
   * have missed tails. Default 0: neither is asked.
   */
  readonly drawsPerWalker?: number;
  /** Model runs to spend, at most. Default 2,000,000. */
  readonly runs?: number;
  /** Draws kept of each walker, at most; longer paths are thinned. Default 500. */
  readonly kept?: number;
}

export interface EnsembleSample {
  /** One matrix for each ensemble, a draw of θ a row: the path of its first walker, then of its second, … */
  readonly chains: readonly Matrix[];
  /** One for each unknown. */
  readonly convergence: readonly Convergence[];
  readonly converged: boolean;
  /** Why not, where not. */
  readonly reason?: string;
  /** Sweeps whose draws were thrown away, and sweeps that count. */
  readonly warmUp: number;
  readonly sweeps: number;
  /** Share of proposals taken. */
  readonly acceptance: number;
}

/** Sweeps before proposals are first fitted to more than the start; then twice as many, and so on. */
const FIRST_WINDOW = 20;
const WINDOWS = 2;
/** Ensembles that still disagree by so much were not warm: what they drew serves as warm-up. */
const NOT_WARM = 1.05;
/** Share of the sweeps that no walker may stand still for: a place left so rarely is entered as rarely, if at all. */
const STANDSTILL = 0.2;
/** Points that proposals are fitted to, at most. */
const FITTED = 1000;

/**
 * Markov chains by ensembles of walkers that propose for each other (see `Proposals`). Each ensemble learns its proposals
 * from the others in windows of growing length, which are thrown away; then the proposals are frozen and draws count, until
 * R-hat and the effective sizes are reached or the runs are spent. Many walkers give large effective sizes on short paths;
 * where the starts may have missed tails, `drawsPerWalker` asks for paths that had the time to find them: of what all missed
 * the ensembles' agreement tells nothing. The ensembles share no points: R-hat compares them.
 *
 * Assumes a posterior with a finite mass; fails honestly (`converged: false`) where the ensembles settle in different modes
 * or have not forgotten their starts.
 *
 * @param starts the ensembles, over-dispersed or drawn from the posterior, independent of each other; at least 8 walkers each.
 * @see Goodman & Weare (2010); ter Braak & Vrugt (2008); Vehtari et al. (2021) for the stopping rule.
 */
export function* sampleEnsembles(
  target: Target,
  starts: readonly Population[],
  { rhat = 1.01, ess = 1000, drawsPerWalker = 0, runs = 2_000_000, kept = 500 }: EnsembleOptions,
  dice: Dice,
): InBatches<EnsembleSample> {
  requireEnsembles(starts);
  const walkers = starts[0]?.points.length as number;
  const bar: Bar = {
    rhat,
    ess: Math.max(ess, drawsPerWalker * starts.length * walkers),
    standstill: drawsPerWalker > 0 ? STANDSTILL : 1,
  };
  const mostSweeps = Math.max(100, Math.floor(runs / (starts.length * walkers)));
  const streams = starts.map((_, index) => dice.split(index));
  const state = new Ensembles(target, starts, streams);
  let warmUp = 0;
  let window = FIRST_WINDOW;
  for (let count = 0; count < WINDOWS; count++, window *= 2) {
    yield* state.warmUp(window);
    warmUp += window;
  }
  for (;;) {
    const recorders = starts.map(() => new Recorder(walkers, target.size, kept));
    const standstill = new Standstill();
    let sweeps = 0;
    let accepted = 0;
    for (let round = window; ; round = Math.ceil(sweeps / 2)) {
      const length = Math.max(10, Math.min(round, mostSweeps - warmUp - sweeps));
      accepted += length * (yield* state.sample(length, recorders, standstill));
      sweeps += length;
      const convergence = convergenceOf(recorders, target.size);
      const worst = worstOf(convergence);
      const short = shortOf(bar, worst, standstill.longest, sweeps);
      if (short === undefined || warmUp + sweeps >= mostSweeps)
        return {
          chains: recorders.map((recorder) => recorder.draws()),
          convergence,
          converged: short === undefined,
          ...(short === undefined ? {} : { reason: `the runs were spent at ${short}` }),
          warmUp,
          sweeps,
          acceptance: accepted / sweeps,
        };
      if (!(worst.rhat < NOT_WARM) && 2 * (warmUp + sweeps) < mostSweeps) {
        window = Math.max(window, sweeps);
        break;
      }
    }
    yield* state.warmUp(window);
    warmUp += window + sweeps;
    window *= 2;
  }
}

interface Bar {
  readonly rhat: number;
  readonly ess: number;
  /** Share of the sweeps. */
  readonly standstill: number;
}

/** What is short of the bar, in words; undefined where nothing is. */
function shortOf(
  { rhat, ess, standstill }: Bar,
  worst: Convergence,
  still: number,
  sweeps: number,
): string | undefined {
  const drawn = worst.essBulk >= ess && worst.essTail >= ess;
  if (worst.rhat < rhat && drawn && still <= standstill * sweeps) return undefined;
  const found = `R-hat ${worst.rhat.toFixed(3)}, bulk ESS ${worst.essBulk.toFixed(0)}, tail ESS ${worst.essTail.toFixed(0)}`;
  return `${found}, a walker that stood still for ${still} of ${sweeps} sweeps; asked: R-hat < ${rhat}, ESS ≥ ${ess}, none still for ${standstill * 100} %`;
}

/** The walkers, and the proposals that they make for now. */
class Ensembles {
  readonly #target: Target;
  readonly #populations: readonly Population[];
  readonly #streams: readonly Dice[];
  #proposals: readonly Proposals[];

  constructor(target: Target, populations: readonly Population[], streams: readonly Dice[]) {
    this.#target = target;
    this.#populations = populations;
    this.#streams = streams;
    this.#proposals = fittedToOthers(populations.map(({ points }) => points));
  }

  /** Moves and learns; then fits the proposals to the second half of the window. */
  *warmUp(sweeps: number): InBatches<void> {
    const seen = this.#populations.map((): Float64Array[] => []);
    const walkers = this.#populations[0]?.points.length as number;
    const stride = Math.max(1, Math.ceil((sweeps * walkers) / 2 / FITTED));
    for (let count = 0; count < sweeps; count++) {
      yield* sweep(this.#target, undefined, this.#movings(true));
      if (2 * count < sweeps || count % stride > 0) continue;
      this.#populations.forEach(({ points }, index) => void seen[index]?.push(...points));
    }
    this.#proposals = fittedToOthers(seen);
    for (let count = 0; count < Math.min(sweeps, FIRST_WINDOW); count++)
      yield* sweep(this.#target, undefined, this.#movings(true));
  }

  /** Moves by fixed proposals and records every sweep. */
  *sample(sweeps: number, recorders: readonly Recorder[], standstill: Standstill): InBatches<number> {
    let accepted = 0;
    for (let count = 0; count < sweeps; count++) {
      accepted += yield* sweep(this.#target, undefined, this.#movings(false));
      standstill.note(this.#populations.flatMap(({ points }) => points));
      this.#populations.forEach(({ points }, index) => {
        recorders[index]?.offer(points.map((point) => this.#target.natural(point)));
      });
    }
    return accepted / sweeps;
  }

  #movings(learning: boolean): Moving[] {
    return this.#populations.map((population, index) => ({
      population,
      proposals: [this.#proposals[index], this.#proposals[index]] as [Proposals, Proposals],
      dice: this.#streams[index] as Dice,
      temperature: 1,
      learning,
    }));
  }
}

function requireEnsembles(starts: readonly Population[]): void {
  const walkers = starts[0]?.points.length ?? 0;
  if (starts.length >= 2 && walkers >= 8 && starts.every(({ points }) => points.length === walkers)) return;
  throw new TwinError(
    "BAD_ENSEMBLES",
    `ensembles of ${starts.map(({ points }) => points.length).join(", ")} walkers`,
    "expected at least two ensembles (four tell more) of one size, at least 8 walkers each and more than two for each unknown",
  );
}

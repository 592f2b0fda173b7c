import { essBulk, essTail } from "../../diagnostics/effective-sample-size.ts";
import { rhat } from "../../diagnostics/rhat.ts";
import type { Recorder } from "./recorder.ts";

export interface Convergence {
  readonly rhat: number;
  readonly essBulk: number;
  readonly essTail: number;
}

/**
 * R-hat compares the ensembles, the draws of each in the order of time; the effective sizes take each walker as a chain, so
 * that correlation along its path counts.
 */
export const convergenceOf = (recorders: readonly Recorder[], unknowns: number): Convergence[] =>
  Array.from({ length: unknowns }, (_, unknown) => {
    const ensembles = recorders.map((recorder) => recorder.paths(unknown));
    const walkers = ensembles.flat();
    return { rhat: rhat(ensembles.map(interleaved)), essBulk: essBulk(walkers), essTail: essTail(walkers) };
  });

/** NaN, where nothing is known, is the worst. */
export const worstOf = (all: readonly Convergence[]): Convergence => ({
  rhat: Math.max(...all.map(({ rhat: value }) => value)),
  essBulk: Math.min(...all.map(({ essBulk: value }) => value)),
  essTail: Math.min(...all.map(({ essTail: value }) => value)),
});

function interleaved(paths: readonly Float64Array[]): Float64Array {
  const length = paths[0]?.length ?? 0;
  const all = new Float64Array(length * paths.length);
  paths.forEach((path, walker) => {
    for (let draw = 0; draw < length; draw++) all[draw * paths.length + walker] = path[draw] as number;
  });
  return all;
}

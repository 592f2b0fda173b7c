import { type Matrix, shapeError } from "../linear-algebra/matrix.ts";
import { quantileOfSorted } from "../probability/empirical.ts";
import { sampleMean, sampleVariance } from "../probability/sample-moments.ts";
import { type Chains, checkChains, isConstant, pooled } from "./chains.ts";
import { essBulk, essTail } from "./effective-sample-size.ts";
import { mcseMean, mcseQuantile, mcseSd } from "./monte-carlo-error.ts";
import { rhat } from "./rhat.ts";

/** What one parameter's draws say, and whether the sampler that drew them may be believed. */
export interface DrawsSummary {
  readonly name: string;
  readonly mean: number;
  /** Square root of the variance with n − 1. */
  readonly sd: number;
  readonly quantiles: readonly {
    readonly probability: number;
    readonly value: number;
    readonly mcse: number;
  }[];
  readonly rhat: number;
  readonly essBulk: number;
  readonly essTail: number;
  readonly mcseMean: number;
  readonly mcseSd: number;
  /** Chains that never moved, by index. */
  readonly stuck: readonly number[];
  /** Empty when the draws may be used. */
  readonly faults: readonly ConvergenceFault[];
}

export interface ConvergenceFault {
  readonly statistic: "chains" | "rhat" | "essBulk" | "essTail" | "stuck";
  readonly value: number;
  readonly limit: number;
}

export interface ConvergenceLimits {
  /** Default 1.01. */
  readonly rhat?: number;
  /** Least effective draws for each chain, bulk and tail. Default 100. */
  readonly essPerChain?: number;
  /** Fewest chains: one alone is only compared with itself. Default 4. */
  readonly chains?: number;
}

/**
 * @param chains one matrix for each chain: rows = draws in order, columns = parameters.
 * @throws {TwinError} as `rhat`; BAD_SHAPE when names and columns differ in number.
 */
export function summariseDraws(
  chains: readonly Matrix[],
  names: readonly string[],
  probabilities: readonly number[] = [0.05, 0.5, 0.95],
  limits: ConvergenceLimits = {},
): DrawsSummary[] {
  for (const chain of chains)
    if (chain.columns !== names.length)
      throw shapeError(`${chain.columns} columns and ${names.length} names`, "one name for each column");
  return names.map((name, column) =>
    summariseChains(
      name,
      chains.map((chain) => columnOf(chain, column)),
      probabilities,
      limits,
    ),
  );
}

export function summariseChains(
  name: string,
  chains: Chains,
  probabilities: readonly number[] = [0.05, 0.5, 0.95],
  limits: ConvergenceLimits = {},
): DrawsSummary {
  checkChains(chains);
  const sorted = pooled(chains).sort();
  const mean = sampleMean(sorted);
  const summary = {
    name,
    mean,
    sd: Math.sqrt(sampleVariance(sorted, mean)),
    quantiles: probabilities.map((probability) => ({
      probability,
      value: quantileOfSorted(sorted, probability),
      mcse: mcseQuantile(chains, probability),
    })),
    rhat: rhat(chains),
    essBulk: essBulk(chains),
    essTail: essTail(chains),
    mcseMean: mcseMean(chains),
    mcseSd: mcseSd(chains),
    stuck: chains.flatMap((chain, index) => (isConstant([chain]) ? [index] : [])),
  };
  return { ...summary, faults: faultsOf(summary, chains.length, limits) };
}

/** Comparisons are written so that NaN is a fault. */
function faultsOf(
  summary: Omit<DrawsSummary, "faults">,
  chains: number,
  limits: ConvergenceLimits,
): ConvergenceFault[] {
  const largest = limits.rhat ?? 1.01;
  const least = (limits.essPerChain ?? 100) * chains;
  const fewest = limits.chains ?? 4;
  const faults: ConvergenceFault[] = [];
  if (chains < fewest) faults.push({ statistic: "chains", value: chains, limit: fewest });
  if (!(summary.rhat < largest)) faults.push({ statistic: "rhat", value: summary.rhat, limit: largest });
  for (const statistic of ["essBulk", "essTail"] as const)
    if (!(summary[statistic] >= least)) faults.push({ statistic, value: summary[statistic], limit: least });
  if (summary.stuck.length > 0) faults.push({ statistic: "stuck", value: summary.stuck.length, limit: 0 });
  return faults;
}

const columnOf = (matrix: Matrix, column: number): Float64Array =>
  Float64Array.from({ length: matrix.rows }, (_, row) => matrix.get(row, column));

import type { RunCounts } from "../problem/evaluator.ts";
import { type CalibrationFinding, type CalibrationResult, QUANTILES } from "../problem/result.ts";
import type { Target } from "../problem/target.ts";
import { runFindings } from "./summaries.ts";

/** A result without a posterior: every number is NaN, and the reason told. */
export function nothingKnown(
  method: CalibrationResult["method"],
  target: Target,
  kind: CalibrationFinding["kind"],
  reason: string,
  runs: RunCounts,
): CalibrationResult {
  const unknown = Number.NaN;
  return {
    method,
    summaries: target.problem.unknowns.map(({ id, unit }) => ({
      id,
      ...(unit === undefined ? {} : { unit }),
      mean: unknown,
      sd: unknown,
      quantiles: QUANTILES.map((probability) => ({ probability, value: unknown })),
    })),
    converged: false,
    reason,
    runs,
    findings: [{ kind, text: reason }, ...runFindings(runs, target)],
  };
}

/** No posterior at all: its mass has no end along these unknowns. */
export function improper(
  method: CalibrationResult["method"],
  target: Target,
  unbounded: readonly number[],
  runs: RunCounts,
): CalibrationResult {
  const ids = [...new Set(unbounded)].map((index) => target.problem.unknowns[index]?.id);
  const reason = `the posterior is improper or unbounded in ${ids.join(", ")}: the data do not bound what the prior leaves open; give it a proper prior`;
  return nothingKnown(method, target, "improper posterior", reason, runs);
}

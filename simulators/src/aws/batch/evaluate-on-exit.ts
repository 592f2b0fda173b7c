import type { EvaluateOnExit, RetryStrategy } from "./job-spec.ts";

/** How an attempt ended, as far as a retry strategy can see it. */
export interface AttemptEnd {
  readonly exitCode?: number;
  /** The container's reason, such as a failed pull. */
  readonly reason?: string;
  readonly statusReason?: string;
}

/** A Batch glob: the whole text, or its beginning when the pattern ends in `*`. */
export const matchesGlob = (pattern: string, text: string): boolean =>
  pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : text === pattern;

const fits = (pattern: string | undefined, text: string | undefined): boolean =>
  pattern === undefined || (text !== undefined && matchesGlob(pattern, text));

const matches = ({ onExitCode, onReason, onStatusReason }: EvaluateOnExit, end: AttemptEnd): boolean =>
  fits(onExitCode, end.exitCode === undefined ? undefined : String(end.exitCode)) &&
  fits(onReason, end.reason) &&
  fits(onStatusReason, end.statusReason);

/**
 * Is a failed attempt tried again? The first condition that matches (all its parts) decides; when none does, it is.
 * `made` counts the attempts so far, the failed one included.
 */
export function retries(
  { attempts = 1, evaluateOnExit = [] }: RetryStrategy,
  made: number,
  end: AttemptEnd,
): boolean {
  if (made >= attempts) return false;
  return evaluateOnExit.find((condition) => matches(condition, end))?.action !== "EXIT";
}

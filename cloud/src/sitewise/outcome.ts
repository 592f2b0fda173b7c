/**
 * What to do with points that SiteWise did not take. Nothing is ever dropped: each code leads to another try, another
 * lane, or a person.
 *
 *  retry        the service is busy: again, later (adaptive back-off with full jitter)
 *  hold         the point lies in the future: kept until its time has come, and a clock fault is told
 *  bulk         older than SiteWise's seven days: the bulk-import lane
 *  park         configuration (no such property, no permission): kept, an operator is told
 *  dead-letter  the point itself is refused: kept with the reason
 */
export type Outcome = "retry" | "hold" | "bulk" | "park" | "dead-letter";

const BY_CODE: Readonly<Record<string, Exclude<Outcome, "hold" | "bulk">>> = {
  ThrottlingException: "retry",
  ConflictingOperationException: "retry",
  InternalFailureException: "retry",
  ServiceUnavailableException: "retry",
  LimitExceededException: "retry",
  ResourceNotFoundException: "park",
  AccessDeniedException: "park",
  UnauthorizedException: "park",
  InvalidRequestException: "dead-letter",
  ValidationException: "dead-letter",
};

/** @param at event time of the point, @param now the scenario clock; both ms since the Unix epoch. */
export function outcomeOf(code: string, at: number, now: number): Outcome {
  if (code === "TimestampOutOfRangeException") return at > now ? "hold" : "bulk";
  // A code that we do not know may pass: what is kept can be looked at, what is dropped cannot.
  return BY_CODE[code] ?? "retry";
}

/** After the last try a busy service has its points parked only where waiting longer cannot help. */
export const isQuota = (code: string): boolean => code === "LimitExceededException";

/** What an object is judged by; `undefined` when there is none. */
export interface Judged {
  /** With its quotes. */
  readonly etag: string;
  /** Ms since the epoch. */
  readonly modified: number;
}

export type ConditionVerdict =
  | "proceed"
  | "not-modified"
  | "precondition-failed"
  | "no-such-key"
  | "not-implemented";

/** Is an ETag in a header's list, which may leave out the quotes or be `*`? */
export const listsEtag = (header: string, etag: string): boolean =>
  header
    .split(",")
    .map((each) => each.trim())
    .some((each) => each === "*" || `"${each.replaceAll('"', "")}"` === etag);

/** Conditions of a GET or HEAD; RFC 9110 §13.2.2 says which goes first. HTTP dates have whole seconds. */
export function judgeRead(
  headers: ReadonlyMap<string, string>,
  { etag, modified }: Judged,
): ConditionVerdict {
  const match = headers.get("if-match");
  const noneMatch = headers.get("if-none-match");
  const second = Math.floor(modified / 1_000) * 1_000;
  if (match !== undefined) {
    if (!listsEtag(match, etag)) return "precondition-failed";
  } else if (second > dateOf(headers.get("if-unmodified-since"), Number.POSITIVE_INFINITY))
    return "precondition-failed";
  if (noneMatch !== undefined) return listsEtag(noneMatch, etag) ? "not-modified" : "proceed";
  return second <= dateOf(headers.get("if-modified-since"), Number.NEGATIVE_INFINITY)
    ? "not-modified"
    : "proceed";
}

/**
 * Conditions of a PUT: `If-None-Match: *` = only when there is no object yet, `If-Match: <etag>` = only over that one.
 * The compare-and-swap that the posterior rests on. S3 knows no other form.
 */
export function judgeWrite(
  headers: ReadonlyMap<string, string>,
  current: Judged | undefined,
): ConditionVerdict {
  const match = headers.get("if-match");
  const noneMatch = headers.get("if-none-match");
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== "*" || match !== undefined) return "not-implemented";
    return current === undefined ? "proceed" : "precondition-failed";
  }
  if (match === undefined) return "proceed";
  if (current === undefined) return "no-such-key";
  return listsEtag(match, current.etag) ? "proceed" : "precondition-failed";
}

const dateOf = (header: string | undefined, absent: number): number => {
  const ms = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(ms) ? absent : ms;
};

/**
 * Does an allowed filter cover another one: is every topic that `asked` matches matched by `allowed`, too?
 * `+` covers any one level (a `+` too, not `#`), `#` covers all that follows.
 */
export function coversFilter(allowed: string, asked: string): boolean {
  const mine = allowed.split("/");
  const theirs = asked.split("/");
  for (const [at, level] of mine.entries()) {
    if (level === "#") return true;
    const other = theirs[at];
    if (other === undefined || other === "#") return false;
    if (level !== "+" && level !== other) return false;
  }
  return theirs.length === mine.length;
}

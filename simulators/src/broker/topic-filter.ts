/**
 * Does an MQTT topic match a subscription filter? `+` stands for one level, `#` for all that remain (its parent
 * included); neither matches a first level that begins with `$`.
 * @see MQTT 3.1.1, §4.7.
 */
export function matchesFilter(topic: string, filter: string): boolean {
  const levels = topic.split("/");
  const pattern = filter.split("/");
  if (topic.startsWith("$") && (pattern[0] === "+" || pattern[0] === "#")) return false;
  for (const [index, expected] of pattern.entries()) {
    if (expected === "#") return true;
    if (index >= levels.length) return false;
    if (expected !== "+" && expected !== levels[index]) return false;
  }
  return levels.length === pattern.length;
}

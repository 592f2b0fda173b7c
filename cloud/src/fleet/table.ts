import type { FleetRow } from "./fleet.ts";

const HEADINGS = ["THING", "LAST READING", "BACKLOG", "SET", "LAST VERDICT", "ALARMS", "ALERTS"] as const;
const MILLIS_PER_MINUTE = 60_000;

/** The fleet for a terminal: columns as wide as their content. */
export function fleetTable(rows: readonly FleetRow[]): string {
  if (rows.length === 0) return "no machine has sent a frame yet\n";
  const cells = rows.map((row) => [
    `${row.thing}/${row.instance}`,
    lastReading(row),
    row.backlog === null ? "not told" : String(row.backlog),
    `v${row.set}`,
    row.verdict === null ? "none yet" : `${row.verdict}: ${row.reason ?? ""}`,
    row.alarms.join(" ") || "none",
    row.alerts.join("; ") || "none",
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${[line(HEADINGS), ...cells.map(line)].join("\n")}\n`;
}

function lastReading({ lastEventTime, silentFor, silent }: FleetRow): string {
  if (lastEventTime === null || silentFor === null) return "never";
  const at = new Date(lastEventTime).toISOString().slice(0, 16).replace("T", " ");
  return silent ? `${at} (silent for ${Math.round(silentFor / MILLIS_PER_MINUTE)} min)` : at;
}

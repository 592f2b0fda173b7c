import type { Entry, Point } from "./point.ts";

/**
 * Readings too old for SiteWise's streaming interface, in the format of its bulk import: no header line, columns
 * ALIAS, DATA_TYPE, TIMESTAMP_SECONDS, TIMESTAMP_NANO_OFFSET, QUALITY, VALUE. A point without a value has an empty one.
 */
export const bulkCsv = (entries: readonly Entry[]): string =>
  entries.flatMap(({ alias, points }) => points.map((point) => `${row(alias, point)}\n`)).join("");

function row(alias: string, { at, value, quality }: Point): string {
  const seconds = Math.floor(at / 1_000);
  const type = typeof value === "number" ? "DOUBLE" : "STRING";
  const written = typeof value === "number" && !Number.isFinite(value) ? "" : quoted(String(value));
  return [quoted(alias), type, seconds, nanos(at), quality, written].join(",");
}

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
export const nanos = (at: number): number => Math.round((at - Math.floor(at / 1_000) * 1_000) * 1e6);

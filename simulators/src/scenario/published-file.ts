import { readFileSync } from "node:fs";
import { ROLLERS, SPANS } from "@plumbline/twin/definition/web-line";
import { TwinError } from "@plumbline/twin/errors";

/** One row of the published file; rows count from 0, header lines not counted. */
export interface PublishedRow {
  readonly index: number;
  readonly day: number;
  readonly seconds: number;
  /** w1 … w10 in rad/s, s1 … s12 in N. */
  readonly values: ReadonlyMap<string, number>;
}

const SECONDS_PER_DAY = 86_400;
const HEADER_LINES = 2;
const COLUMNS: readonly (readonly [id: string, column: string])[] = [
  ["seconds", "t"],
  ...ROLLERS.map((roller) => [`w${roller}`, `Main.R${roller}.w`] as const),
  ...SPANS.map((span) => [`s${span}`, `Main.S${span}.summary_Tension`] as const),
];

/**
 * Reads the published file of the web line: a title line, the column names in back-quotes, then the rows.
 * @throws {TwinError} DATA_FILE_MISSING, DATA_FILE_HEADER or DATA_FILE_CELL, with file, line and column.
 */
export function readPublishedFile(file: string): PublishedRow[] {
  const lines = readLines(file);
  const columns = findColumns(file, lines[1] ?? "");
  const rows = lines.slice(HEADER_LINES).map((line, index) => readRow(file, line, index, columns));
  if (rows.length > 0) return rows;
  throw new TwinError(
    "DATA_FILE_HEADER",
    `${file} has no rows below its header`,
    "fetch the file again: the published one has 2,000 rows",
  );
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split(/\r?\n/)
      .filter((line, at) => at < HEADER_LINES || line.trim() !== "");
  } catch (cause) {
    const hint =
      "give the path of Case_1_Data_2023_06_22.csv (in the assets of AWS's guidance for self-calibrating twins)";
    throw new TwinError("DATA_FILE_MISSING", `the data file ${JSON.stringify(file)} cannot be read`, hint, {
      cause,
    });
  }
}

interface Column {
  readonly id: string;
  readonly name: string;
  /** Place in the line, from 0. */
  readonly at: number;
}

function findColumns(file: string, header: string): readonly Column[] {
  const names = header.split(",").map((name) => name.replaceAll("`", "").trim());
  const columns = COLUMNS.map(([id, name]) => ({ id, name, at: names.indexOf(name) }));
  const missing = columns.filter(({ at }) => at < 0).map(({ name }) => name);
  if (missing.length === 0) return columns;
  const message = `${file}, line 2: the header lacks ${missing.length} column${missing.length === 1 ? "" : "s"}: ${missing.join(", ")}`;
  throw new TwinError(
    "DATA_FILE_HEADER",
    message,
    "line 1 must be the title and line 2 the column names, as in the published file",
  );
}

function readRow(file: string, line: string, index: number, columns: readonly Column[]): PublishedRow {
  const cells = line.split(",");
  const values = new Map<string, number>();
  for (const { id, name, at } of columns) {
    const cell = cells[at]?.trim() ?? "";
    const value = cell === "" ? Number.NaN : Number(cell);
    if (!Number.isFinite(value)) throw badCell(file, index, name, at, cell);
    values.set(id, value);
  }
  const seconds = values.get("seconds") ?? Number.NaN;
  values.delete("seconds");
  return { index, day: seconds / SECONDS_PER_DAY, seconds, values };
}

const badCell = (file: string, index: number, name: string, at: number, cell: string): TwinError =>
  new TwinError(
    "DATA_FILE_CELL",
    `${file}, line ${index + HEADER_LINES + 1} (row ${index}), column ${at + 1} (${name}): ${JSON.stringify(cell)} is not a number`,
    "mend that cell, or fetch the file again",
  );

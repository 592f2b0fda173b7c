import { writeFileSync } from "node:fs";
import { ROLLERS, SPANS } from "@plumbline/twin/definition/web-line";
import { webLineModel } from "@plumbline/twin/models/web-line";

/** Seconds between rows of the published file. */
const STEP = 1_296.648324;

/**
 * A file in the published layout whose bearings 3 and 9 wear fast: at rest in row 0, quiet up to `onset`, then 0.002 per row
 * for `worn` rows. Rows are those of the steady solution; sensor noise is the drill's.
 */
export function writeFastWear(file: string, rows: number, onset: number, worn: number): void {
  const columns = [
    "t",
    "`Main.Time.Day[1]`",
    ...ROLLERS.map((roller) => `\`Main.R${roller}.w\``),
    ...SPANS.map((span) => `\`Main.S${span}.summary_Tension\``),
  ];
  const outputs = new Float64Array(webLineModel.outputs.length);
  const lines = Array.from({ length: rows }, (_, row) => {
    const drag = 1e-9 + 0.002 * Math.min(Math.max(row - onset, 0), worn);
    webLineModel.evaluate(
      Float64Array.from(ROLLERS, (roller) => (roller === 3 || roller === 9 ? drag : 1e-9)),
      outputs,
    );
    const values = Array.from(outputs.subarray(0, ROLLERS.length + SPANS.length), (value) =>
      row === 0 ? 0 : value,
    );
    return [row * STEP, (row * STEP) / 86_400, ...values].join(",");
  });
  writeFileSync(file, ["Latest Results", columns.join(","), ...lines, ""].join("\n"));
}

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { webLineModel } from "@plumbline/twin/models/web-line";
import { describe, expect, test } from "vitest";
import { drags, outputsOf, wearAt } from "../support/web-line-truth.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const FILE = path.resolve(
  ROOT,
  process.env["PLUMBLINE_TEST_DATA"] ?? "../shared/data",
  "web-line/Case_1_Data_2023_06_22.csv",
);

/** The file's column for an output of the model. */
function columnOf(output: string): string {
  if (output === "nip1") return "Main.NR1.w";
  if (output === "dancer") return "Main.DancerAngle.deg";
  const number = output.replace(/^\D+/, "");
  if (output.startsWith("slip")) return `Main.R${number}.summary_SlipVelocity`;
  return output.startsWith("w") ? `Main.R${number}.w` : `Main.S${number}.summary_Tension`;
}
const toleranceOf = (output: string): number =>
  output.startsWith("slip") ? 1e-6 : output.startsWith("s") ? 1e-6 : output === "dancer" ? 1e-5 : 1e-5;

describe("the whole published file", () => {
  test.skipIf(!existsSync(FILE))(
    `every running row of ${path.basename(FILE)} agrees with the model (skipped without the file)`,
    () => {
      const [, header, ...lines] = readFileSync(FILE, "utf8").trim().split(/\r?\n/);
      const names = header!.split(",").map((name) => name.replaceAll("`", ""));
      const rows = lines.map((line) => line.split(",").map(Number));
      expect(rows).toHaveLength(2_000);
      const day = names.indexOf("Main.Time.Day[1]");
      const worst = new Map<string, number>();
      for (const row of rows.slice(1)) {
        const b = wearAt(row[day]!);
        const outputs = outputsOf(drags({ b3: b, b9: b }));
        for (const [index, output] of webLineModel.outputs.entries()) {
          const column = names.indexOf(columnOf(output));
          expect(column, output).toBeGreaterThanOrEqual(0);
          worst.set(output, Math.max(worst.get(output) ?? 0, Math.abs(outputs[index]! - row[column]!)));
        }
      }
      const beyond = [...worst].filter(([output, error]) => error > toleranceOf(output));
      expect(beyond).toEqual([]);
    },
  );
});

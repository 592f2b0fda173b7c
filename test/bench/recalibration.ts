import { Assimilator } from "@plumbline/twin/calibration/assimilator";
import { webLine } from "@plumbline/twin/definition/web-line";
import { webLineModel } from "@plumbline/twin/models/web-line";
import { type Bench, benchRow, elapsed, inTurn } from "./row.ts";
import { lineRows } from "./web-line-readings.ts";

const ROWS = 400;

/** Microseconds per assimilated point, against the bare cost of the same number of model runs. */
export const recalibration: Bench = {
  name: "recalibration",
  run: async () => {
    const rows = lineRows(ROWS, (row) => row * 4e-4, 3);
    let runs = 0;
    const full = (): number => {
      const assimilator = Assimilator.start(webLine);
      const took = elapsed(() => {
        for (const { at, values } of rows) assimilator.assimilate({ at, values, inMode: true });
      });
      runs = assimilator.modelRuns;
      return (took * 1_000) / ROWS;
    };
    const bare = (): number => {
      const theta = new Float64Array(webLine.parameters.length).fill(0.05);
      const outputs = new Float64Array(webLineModel.outputs.length);
      const took = elapsed(() => {
        for (let run = 0; run < runs; run++) webLineModel.evaluate(theta, outputs);
      });
      return (took * 1_000) / ROWS;
    };
    const [value, baseline] = await inTurn(5, full, bare);
    return benchRow("recalibration", "µs/point", value, baseline, "lower", 40);
  },
};

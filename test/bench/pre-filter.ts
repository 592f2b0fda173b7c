import { webLine } from "@plumbline/twin/definition/web-line";
import { type Level, updateLevel } from "@plumbline/twin/estimation/local-level";
import { type Bench, benchRow, elapsed, inTurn } from "./row.ts";
import { lineRows } from "./web-line-readings.ts";

const ROWS = 20_000;

/** Updates/s of the gated, Joseph-form pre-filter, against a bare exponential average over the same array. */
export const preFilter: Bench = {
  name: "pre-filter",
  run: async () => {
    const rows = lineRows(ROWS, () => 0.05, 1);
    const count = ROWS * webLine.signals.length;
    const sink = { value: 0 };
    const filtered = (): number => {
      const levels: (Level | undefined)[] = webLine.signals.map(() => undefined);
      const took = elapsed(() => {
        for (const { at, values } of rows) {
          for (const [index, { noise, wander }] of webLine.signals.entries()) {
            levels[index] = updateLevel(levels[index], at, values[index] as number, noise, wander).level;
          }
        }
      });
      sink.value += levels[0]?.value ?? 0;
      return (count / took) * 1_000;
    };
    const bare = (): number => {
      const levels = new Float64Array(webLine.signals.length);
      const took = elapsed(() => {
        for (const { values } of rows) {
          for (let index = 0; index < levels.length; index++)
            levels[index] =
              (levels[index] as number) + 0.1 * ((values[index] as number) - (levels[index] as number));
        }
      });
      sink.value += levels[0] ?? 0;
      return (count / took) * 1_000;
    };
    const [value, baseline] = await inTurn(5, filtered, bare);
    return benchRow("pre-filter", "updates/s", value, baseline, "higher", 0.04);
  },
};

import { webLine } from "@plumbline/twin/definition/web-line";
import { webLineModel } from "@plumbline/twin/models/web-line";
import { type ForecastScore, scoreForecasts } from "../../../simulators/src/drill/forecast-score.ts";
import { type ParameterScore, scoreAlarms, scoreParameter } from "../../../simulators/src/drill/scores.ts";
import { seeded } from "../../support/random.ts";
import { QuickLoop } from "./quick-loop.ts";

const DAY = 86_400_000;
const ORIGIN = Date.UTC(2026, 0, 1);
/** ms between rows of the published file. */
const STEP = 1_296_648.324;
const ROWS = 2_000;
export const ONSET = 14;

/** Drag of bearings 3 and 9 over time, d days after the onset. */
export const SHAPES = {
  "the published ramp": (d: number) => {
    const x = Math.min(1, Math.max(0, d / 10));
    return 0.2 * (6 * x ** 5 - 15 * x ** 4 + 10 * x ** 3);
  },
  "a straight ramp": (d: number) => 0.2 * Math.min(1, Math.max(0, d / 10)),
  "a fast ramp": (d: number) => 0.2 * Math.min(1, Math.max(0, d / 4)),
  "a slow ramp": (d: number) => 0.05 * Math.max(0, d / 16),
  "wear that saturates": (d: number) => (d < 0 ? 0 : 0.19 * (1 - Math.exp(-d / 3))),
  "wear that grows on itself": (d: number) => (d < 0 ? 0 : Math.min(0.2, 0.001 * Math.expm1(d / 2))),
} as const satisfies Readonly<Record<string, (d: number) => number>>;
export type Shape = keyof typeof SHAPES;

export interface ThirtyDays {
  readonly alarmDay: number | null;
  readonly falseAlarms: number;
  readonly scores: Readonly<Record<"b3" | "b9", ParameterScore>>;
  readonly forecast: Readonly<Record<string, ForecastScore>>;
}

/** Thirty days of the line with noise σ(ω) = 0.01 rad/s, σ(T) = 1 N, through charts, estimate, judge, planner and trial. */
export function thirtyDays(shape: Shape, seed: number, sensors: "all" | "speed" = "all"): ThirtyDays {
  const wear = (day: number): number => SHAPES[shape](day - ONSET);
  const dice = seeded(seed);
  const loop = new QuickLoop(ORIGIN);
  const outputs = new Float64Array(webLineModel.outputs.length);
  const days: number[] = [];
  for (let row = 1; row < ROWS; row++) {
    const at = Math.round(ORIGIN + row * STEP);
    days.push((at - ORIGIN) / DAY);
    const worn = wear(days.at(-1)!);
    webLineModel.evaluate(
      Float64Array.from(webLine.parameters, ({ id }) => (id === "b3" || id === "b9" ? worn : 0)),
      outputs,
    );
    const values = webLine.signals.map(({ id, noise, resolution }, index) => {
      const reading = outputs[index]! + noise * dice.normal();
      return sensors === "speed" && id.startsWith("s")
        ? Number.NaN
        : Math.round(reading / resolution) * resolution;
    });
    loop.row({ at, values, inMode: true });
  }
  const scored = days.filter((day) => day >= ONSET);
  const scoreOf = (parameter: string): ParameterScore =>
    scoreParameter(loop.log, { parameter, at: wear }, scored);
  return {
    ...scoreAlarms(loop.log, ONSET),
    scores: { b3: scoreOf("b3"), b9: scoreOf("b9") },
    forecast: scoreForecasts(loop.log, ["b3", "b9"], days, (_, day) => wear(day)),
  };
}

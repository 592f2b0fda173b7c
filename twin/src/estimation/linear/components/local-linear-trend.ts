import { checkedChoice } from "../../../choice.ts";
import { Matrix } from "../../../linear-algebra/matrix.ts";
import { checkedVariance } from "../arrays.ts";
import { inWholeSteps, keptByElapsed } from "../travel.ts";
import type { Component, ComponentStart } from "./component.ts";
import { singleSignal } from "./single-signal.ts";

export interface LocalLinearTrend {
  readonly levelVariance: number;
  readonly slopeVariance: number;
  /**
   * "steps" (when absent): Q = diag(level, slope) from one step to the next, as in most textbooks and packages; times whole
   * units apart. "continuous": the slope wanders all the time and its noise reaches the level within the step; any times.
   * The two are different models even at equal spacing.
   */
  readonly time?: "steps" | "continuous";
  readonly start?: ComponentStart;
}

/**
 * A level with a slope: states (level, slope), F = [[1, Δ], [0, 1]].
 *
 *     steps:       Q = diag(l, s)                       continuous:  Q(Δ) = [[l Δ + s Δ³/3, s Δ²/2], [s Δ²/2, s Δ]]
 *
 * Variances are signal² and (signal per unit of time)², per unit of time. Starts diffuse in both unless told otherwise.
 *
 * @throws {TwinError} BAD_VALUE, BAD_OPTION; UNEVEN_STEP at times that do not fit "steps".
 * @see Durbin & Koopman (2012), §3.2.1; Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, §9.2.
 */
export function localLinearTrend(options: LocalLinearTrend): Component {
  const level = checkedVariance(options.levelVariance, "the level variance");
  const slope = checkedVariance(options.slopeVariance, "the slope variance");
  const time = checkedChoice(options.time ?? "steps", ["steps", "continuous"], "the time of the trend");
  const moving = (elapsed: number): Matrix =>
    Matrix.from([
      [1, elapsed],
      [0, 1],
    ]);
  return singleSignal(
    [1, 0],
    options.start ?? { diffuse: "all" },
    time === "continuous"
      ? keptByElapsed((elapsed) => {
          const shared = (slope * elapsed * elapsed) / 2;
          const noise = Matrix.from([
            [level * elapsed + (slope * elapsed ** 3) / 3, shared],
            [shared, slope * elapsed],
          ]);
          return { matrix: moving(elapsed), noise };
        })
      : inWholeSteps({ matrix: moving(1), noise: Matrix.diagonal([level, slope]) }),
  );
}

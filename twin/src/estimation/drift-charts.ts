import type { ParameterSet } from "../contract/parameter-set.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { entry } from "../linear-algebra/matrix.ts";
import { MILLIS_PER_DAY } from "../units.ts";
import { accumulate, alarmLimit, type Cusum, RESTING } from "./cusum.ts";
import type { Linearisation } from "./sensitivity.ts";

/** A chart crossed its limit: rising edge. `statistic` is the larger of its two sums. */
export interface Alarm {
  readonly chart: string;
  readonly at: number;
  readonly statistic: number;
}

export interface DriftChart {
  readonly cusum: Cusum;
  /** Event time of the last alarm; the chart is silent for a day after it. */
  readonly alarmed?: number;
}

/** A chart that learns its mean from few rows, or noise declared 2 % too small, costs some of the run length: kept in hand. */
const MARGIN = 1.1;

/**
 * One chart per parameter, in the direction in which that parameter moves the readings:
 *
 *     e = y − h(θ̂) − β̂,   z_j = (g_jᵀ R⁻¹ e) / √(g_jᵀ R⁻¹ g_j),   g_j = ∂h/∂θ_j
 *
 * z_j is N(0, 1) while nothing changes and sees a change of θ_j with the largest signal-to-noise ratio that any
 * linear statistic has. The limit is family-wise: all charts of the machine together.
 */
export class DriftCharts {
  readonly #definition: TwinDefinition;
  readonly #limit: number;
  readonly #light: Linearisation;
  readonly #set: ParameterSet;
  #charts: DriftChart[];

  constructor(
    definition: TwinDefinition,
    set: ParameterSet,
    light: Linearisation,
    charts?: readonly DriftChart[],
  ) {
    this.#definition = definition;
    this.#set = set;
    this.#light = light;
    this.#charts = charts ? [...charts] : definition.parameters.map(() => ({ cusum: RESTING }));
    const period = Math.min(...definition.signals.map((signal) => signal.period));
    this.#limit = alarmLimit(
      2 * definition.parameters.length,
      (14 * MILLIS_PER_DAY) / period,
      definition.policy.falseAlarmPer14Days / MARGIN,
    );
  }

  get charts(): readonly DriftChart[] {
    return this.#charts;
  }
  get limit(): number {
    return this.#limit;
  }

  /** `values` in definition order, NaN where there is no usable reading. */
  watch(at: number, values: readonly number[]): Alarm[] {
    const alarms: Alarm[] = [];
    this.#charts = this.#charts.map((chart, parameter) => {
      const statistic = this.#project(parameter, values);
      if (statistic === undefined) return chart;
      const cusum = accumulate(chart.cusum, statistic);
      const worst = Math.max(cusum.high, cusum.low);
      if (worst <= this.#limit) return { ...chart, cusum };
      const silent = chart.alarmed !== undefined && at - chart.alarmed < MILLIS_PER_DAY;
      if (silent) return { ...chart, cusum };
      alarms.push({ chart: this.#definition.parameters[parameter]?.id ?? "", at, statistic: worst });
      return { cusum, alarmed: at };
    });
    return alarms;
  }

  #project(parameter: number, values: readonly number[]): number | undefined {
    let along = 0;
    let information = 0;
    for (const [index, { noise }] of this.#definition.signals.entries()) {
      const value = values[index] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      const gradient = this.#light.jacobian.get(index, parameter) / (noise * noise);
      along += gradient * (value - entry(this.#light.outputs, index) - (this.#set.signals[index]?.bias ?? 0));
      information += gradient * this.#light.jacobian.get(index, parameter);
    }
    return information > 0 ? along / Math.sqrt(information) : undefined;
  }
}

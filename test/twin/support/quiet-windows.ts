import { priorSet } from "@plumbline/twin/definition/prior-set";
import { webLine } from "@plumbline/twin/definition/web-line";
import { accumulate, type Cusum, RESTING } from "@plumbline/twin/estimation/cusum";
import { DriftCharts } from "@plumbline/twin/estimation/drift-charts";
import { linearise } from "@plumbline/twin/estimation/sensitivity";
import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import type { Random } from "../../support/random.ts";
import { DAY } from "./web-line-truth.ts";

export const PRIOR = priorSet(webLine, "gateway-7", "line-1");
export const LIGHT = linearise(webLine, PRIOR);
export const newCharts = (): DriftCharts => new DriftCharts(webLine, PRIOR, LIGHT);
export const ROWS_PER_WINDOW = (14 * DAY) / Math.min(...webLine.signals.map(({ period }) => period));

/** Each chart's statistic as weights on the whitened errors e/σ: its direction R^{−½}g / |R^{−½}g|. */
export function directions(): Matrix {
  const { signals, parameters } = webLine;
  const rows = parameters.map((_, parameter) => {
    const whitened = signals.map(({ noise }, index) => LIGHT.jacobian.get(index, parameter) / noise);
    const length = Math.hypot(...whitened);
    return whitened.map((value) => value / length);
  });
  return Matrix.from(rows);
}

/** Correlations of the charts' statistics while nothing changes: inner products of their directions. */
export function chartCorrelation(): Matrix {
  const along = directions();
  const correlation = new Matrix(along.rows, along.rows);
  for (let left = 0; left < along.rows; left++) {
    for (let right = 0; right < along.rows; right++) {
      let sum = 0;
      for (let index = 0; index < along.columns; index++)
        sum += along.get(left, index) * along.get(right, index);
      correlation.set(left, right, sum);
    }
  }
  return correlation;
}

/**
 * How many of so many quiet windows of 14 days see an alarm of any chart. The product's own cusum and limit; only the 21
 * readings of a row are replaced by the charts' nine statistics, drawn with their exact covariance.
 */
export function windowsWithAlarm(windows: number, dice: Random): number {
  const root = cholesky(chartCorrelation());
  const size = root.rows;
  const { limit } = newCharts();
  const normals = new Float64Array(size);
  const charts: Cusum[] = [];
  let alarmed = 0;
  for (let window = 0; window < windows; window++) {
    for (let chart = 0; chart < size; chart++) charts[chart] = RESTING;
    if (alarms(charts, root, normals, limit, dice)) alarmed++;
  }
  return alarmed;
}

function alarms(charts: Cusum[], root: Matrix, normals: Float64Array, limit: number, dice: Random): boolean {
  const size = root.rows;
  for (let row = 0; row < ROWS_PER_WINDOW; row++) {
    for (let chart = 0; chart < size; chart++) normals[chart] = dice.normal();
    for (let chart = 0; chart < size; chart++) {
      let statistic = 0;
      for (let inner = 0; inner <= chart; inner++)
        statistic += root.data[chart * size + inner]! * normals[inner]!;
      const next = accumulate(charts[chart]!, statistic);
      if (next.high > limit || next.low > limit) return true;
      charts[chart] = next;
    }
  }
  return false;
}

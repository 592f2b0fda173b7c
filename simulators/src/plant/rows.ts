import { type PublishedRow, readPublishedFile } from "../scenario/published-file.ts";
import { rowCount, rowSeconds, rowTime, type Scenario } from "../scenario/scenario.ts";
import { IDLERS } from "./line-constants.ts";
import type { Row, SourceReading } from "./publisher.ts";
import { qualityOf, Sensor } from "./sensors.ts";
import { bearingDrag } from "./wear.ts";
import { WebLine } from "./web-line.ts";

const SECONDS_PER_DAY = 86_400;

/** What is true at a row, before any sensor. */
interface TrueRow {
  readonly index: number;
  readonly t: number;
  readonly day: number;
  readonly values: ReadonlyMap<string, number>;
}

/** The rows of a scenario in order, read by its sensors: a function of the scenario alone. */
export function* plantRows(scenario: Scenario): Generator<Row, void, void> {
  const { seed, sensors, faults, signals } = scenario;
  const instruments = signals.map(
    (signal) => [signal, new Sensor({ signal, seed, quality: qualityOf(signal, sensors), faults })] as const,
  );
  for (const { index, t, day, values } of trueRows(scenario)) {
    const readings = instruments.flatMap(([signal, sensor], place): SourceReading[] => {
      const value = sensor.read(values.get(signal) ?? Number.NaN, day);
      return value === undefined ? [] : [{ signal, value, count: index * signals.length + place + 1 }];
    });
    yield { index, t, readings };
  }
}

/** Bearing drags at a day, by parameter name: what a calibration is measured against. */
export const trueDrags = ({ wear }: Scenario, day: number): Record<string, number> =>
  Object.fromEntries(
    IDLERS.map((roller) => [`b${roller}`, bearingDrag(wear, roller, day * SECONDS_PER_DAY)]),
  );

/** Event time of every row, ms since the Unix epoch. @throws {TwinError} when the data file cannot be read. */
export const plantRowTimes = (scenario: Scenario): number[] =>
  scenario.file === undefined
    ? Array.from({ length: rowCount(scenario) }, (_, row) => rowTime(scenario, row))
    : fileRows(scenario.file, scenario.days).map(({ seconds }) => fileTime(scenario.origin, seconds));

const fileTime = (origin: number, seconds: number): number => origin + Math.round(seconds * 1_000);

const trueRows = (scenario: Scenario): Iterable<TrueRow> =>
  scenario.file === undefined ? simulatedRows(scenario) : publishedRows(scenario, scenario.file);

function* simulatedRows(scenario: Scenario): Generator<TrueRow, void, void> {
  const { stop, wear } = scenario;
  const from = stop === undefined ? 0 : stop.day * SECONDS_PER_DAY;
  const line = new WebLine({
    wear,
    ...(stop === undefined ? {} : { stop: { from, to: from + stop.minutes * 60 } }),
  });
  for (let index = 0; index < rowCount(scenario); index += 1) {
    const seconds = rowSeconds(scenario, index);
    line.advanceTo(seconds);
    const { speeds, tensions } = line.snapshot();
    const values = new Map<string, number>([
      ...[...speeds].map(([roller, speed]) => [`w${roller}`, speed] as const),
      ...tensions.map((tension, place) => [`s${place + 1}`, tension] as const),
    ]);
    yield { index, t: rowTime(scenario, index), day: seconds / SECONDS_PER_DAY, values };
  }
}

function* publishedRows({ origin, days }: Scenario, file: string): Generator<TrueRow, void, void> {
  for (const { index, day, seconds, values } of fileRows(file, days)) {
    yield { index, t: fileTime(origin, seconds), day, values };
  }
}

/** The file's rows up to the scenario's last day. */
const fileRows = (file: string, days: number): PublishedRow[] =>
  readPublishedFile(file).filter(({ day }) => day <= days + 1e-6);

import { ROLLERS, SPANS } from "@plumbline/twin/definition/web-line";
import { FaultList } from "./fault-list.ts";

/** One story of the web line, whole: with the same scenario the plant publishes the same bytes. */
export interface Scenario {
  /** Whole number, 0 … 2³² − 1; every sensor draws its own stream from it. */
  readonly seed: number;
  /** Event time of row 0, ms since the Unix epoch. */
  readonly origin: number;
  readonly days: number;
  readonly samplingSeconds: number;
  /** Scenario seconds per wall second; or "lockstep": a row is published on request. */
  readonly rate: number | "lockstep";
  /** The signals that have a sensor. */
  readonly signals: readonly string[];
  readonly sensors: { readonly speed: SensorQuality; readonly tension: SensorQuality };
  readonly wear: readonly WearRamp[];
  /** A planned stop of the line. */
  readonly stop?: { readonly day: number; readonly minutes: number };
  readonly faults: readonly SensorFault[];
  /** For whoever holds the cut proxies: when which link is down. The plant itself knows nothing of it. */
  readonly outages: readonly Outage[];
  /** Readings come from this published file instead of from the simulated line; its noise is the sensors'. */
  readonly file?: string;
}

/** In the signal's unit: rad/s or N. */
export interface SensorQuality {
  /** Standard deviation of one reading. */
  readonly noise: number;
  /** Standard deviation from which each sensor's constant error is drawn. */
  readonly bias: number;
  /** Step of the converter; 0 for none. */
  readonly quantisation: number;
}

export interface WearRamp {
  readonly roller: number;
  readonly fromDay: number;
  readonly toDay: number;
  /** Bearing drag at the end of the ramp, N·m·s/rad. */
  readonly finalDrag: number;
}

/**
 * stuck: repeats its last value · spike: adds `size` (signal's unit) to one reading in `every` · drop: says nothing ·
 * unit-scale: reads 1000 times too much.
 */
export type SensorFault = Interval & { readonly signal: string } & (
    | { readonly kind: "stuck" | "drop" | "unit-scale" }
    | { readonly kind: "spike"; readonly size: number; readonly every: number }
  );

/** Days since row 0, start included, end excluded. */
export interface Interval {
  readonly fromDay: number;
  readonly toDay: number;
}

export type Outage = Interval & { readonly link: "uplink" | "field" };

export const SIGNALS: readonly string[] = [
  ...ROLLERS.map((roller) => `w${roller}`),
  ...SPANS.map((span) => `s${span}`),
];

/** The line of the published file: bearings 3 and 9 wear from day 14 to 24. */
export const DEFAULT_WEAR: readonly WearRamp[] = [3, 9].map((roller) => ({
  roller,
  fromDay: 14,
  toDay: 24,
  finalDrag: 0.2,
}));

const FIELDS = [
  "seed",
  "origin",
  "days",
  "samplingSeconds",
  "rate",
  "signals",
  "sensors",
  "wear",
  "stop",
  "faults",
  "outages",
  "file",
];

/**
 * Reads a scenario; `signals`, `wear`, `faults` and `outages` may be left out (all sensors, the published wear, none, none).
 * @throws {FaultsError} BAD_SCENARIO with every fault.
 */
export function readScenario(json: unknown): Scenario {
  const list = new FaultList();
  const from = list.object(json, "scenario", FIELDS);
  const sensors = list.object(from["sensors"], "sensors", ["speed", "tension"]);
  const scenario: Scenario = {
    seed: list.number(
      from["seed"],
      "seed",
      "a whole number from 0 to 4294967295",
      (seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32,
    ),
    origin: list.number(from["origin"], "origin", "whole milliseconds since 1970", Number.isInteger),
    days: list.number(from["days"], "days", "a positive number of days", (days) => days > 0 && days <= 3_660),
    samplingSeconds: list.number(
      from["samplingSeconds"],
      "samplingSeconds",
      "seconds between rows, at least 0.001",
      (period) => period >= 0.001,
    ),
    rate:
      from["rate"] === "lockstep"
        ? "lockstep"
        : list.number(from["rate"], "rate", `a positive number, or "lockstep"`, (rate) => rate > 0),
    signals: readSignals(list, from["signals"]),
    sensors: {
      speed: readQuality(list, sensors["speed"], "sensors.speed"),
      tension: readQuality(list, sensors["tension"], "sensors.tension"),
    },
    wear:
      from["wear"] === undefined
        ? DEFAULT_WEAR
        : list.list(from["wear"], "wear").map((ramp, index) => readRamp(list, ramp, `wear[${index}]`)),
    faults: list
      .list(from["faults"] ?? [], "faults")
      .map((fault, index) => readFault(list, fault, `faults[${index}]`)),
    outages: list
      .list(from["outages"] ?? [], "outages")
      .map((outage, index) => readOutage(list, outage, `outages[${index}]`)),
    ...(from["stop"] === undefined || from["stop"] === null ? {} : { stop: readStop(list, from["stop"]) }),
    ...(from["file"] === undefined
      ? {}
      : { file: list.text(from["file"], "file", "the path of a published data file") }),
  };
  list.throwIfAny("BAD_SCENARIO", "the scenario", "mend every line above, then start again");
  return scenario;
}

function readSignals(list: FaultList, value: unknown): readonly string[] {
  if (value === undefined) return SIGNALS;
  const signals = list.list(value, "signals");
  list.expect(signals.length > 0, "signals", value, "at least one signal");
  for (const [index, signal] of signals.entries()) {
    list.expect(
      SIGNALS.includes(signal as string),
      `signals[${index}]`,
      signal,
      `one of ${SIGNALS.join(", ")}`,
    );
    list.expect(signals.indexOf(signal) === index, `signals[${index}]`, signal, "a signal not named before");
  }
  return signals as readonly string[];
}

function readQuality(list: FaultList, value: unknown, path: string): SensorQuality {
  const from = list.object(value, path, ["noise", "bias", "quantisation"]);
  const size = (field: string): number =>
    list.number(from[field], `${path}.${field}`, "zero or a positive number", (found) => found >= 0);
  return { noise: size("noise"), bias: size("bias"), quantisation: size("quantisation") };
}

function readInterval(list: FaultList, from: Record<string, unknown>, path: string): Interval {
  const fromDay = list.number(from["fromDay"], `${path}.fromDay`, "a day, zero or later", (day) => day >= 0);
  const toDay = list.number(
    from["toDay"],
    `${path}.toDay`,
    "a day after fromDay",
    (day) => !(day <= fromDay),
  );
  return { fromDay, toDay };
}

function readRamp(list: FaultList, value: unknown, path: string): WearRamp {
  const from = list.object(value, path, ["roller", "fromDay", "toDay", "finalDrag"]);
  const roller = from["roller"] as number;
  list.expect(
    (ROLLERS as readonly number[]).includes(roller),
    `${path}.roller`,
    roller,
    `one of ${ROLLERS.join(", ")}`,
  );
  const finalDrag = list.number(
    from["finalDrag"],
    `${path}.finalDrag`,
    "a drag from 0 to 0.5 N·m·s/rad",
    (drag) => drag >= 0 && drag <= 0.5,
  );
  return { roller, ...readInterval(list, from, path), finalDrag };
}

function readStop(list: FaultList, value: unknown): { day: number; minutes: number } {
  const from = list.object(value, "stop", ["day", "minutes"]);
  const day = list.number(
    from["day"],
    "stop.day",
    "a day after the start-up (at least 0.01)",
    (found) => found >= 0.01,
  );
  const minutes = list.number(from["minutes"], "stop.minutes", "at least 2 minutes", (found) => found >= 2);
  return { day, minutes };
}

const FAULT_KINDS = ["stuck", "spike", "drop", "unit-scale"] as const;

function readFault(list: FaultList, value: unknown, path: string): SensorFault {
  const from = list.object(value, path, ["signal", "kind", "fromDay", "toDay", "size", "every"]);
  const signal = from["signal"] as string;
  list.expect(SIGNALS.includes(signal), `${path}.signal`, signal, `one of ${SIGNALS.join(", ")}`);
  const kind = from["kind"] as SensorFault["kind"];
  list.expect(FAULT_KINDS.includes(kind), `${path}.kind`, kind, `one of ${FAULT_KINDS.join(", ")}`);
  const interval = readInterval(list, from, path);
  if (kind !== "spike") return { signal, kind, ...interval };
  const size = list.number(from["size"], `${path}.size`, "a number in the signal's unit", () => true);
  const every = list.number(
    from["every"] ?? 1,
    `${path}.every`,
    "a whole number of readings, at least 1",
    (found) => Number.isInteger(found) && found >= 1,
  );
  return { signal, kind, size, every, ...interval };
}

function readOutage(list: FaultList, value: unknown, path: string): Outage {
  const from = list.object(value, path, ["link", "fromDay", "toDay"]);
  const link = from["link"] as Outage["link"];
  list.expect(link === "uplink" || link === "field", `${path}.link`, link, `"uplink" or "field"`);
  return { link, ...readInterval(list, from, path) };
}

/** Rows of a scenario, the first (at rest) included. */
export const rowCount = ({ days, samplingSeconds }: Scenario): number =>
  Math.floor((days * 86_400) / samplingSeconds + 1e-6) + 1;
/** Seconds of a row since row 0. */
export const rowSeconds = ({ samplingSeconds }: Scenario, row: number): number => row * samplingSeconds;
/** Event time of a row, whole ms since the Unix epoch. */
export const rowTime = (scenario: Scenario, row: number): number =>
  scenario.origin + Math.round(rowSeconds(scenario, row) * 1_000);

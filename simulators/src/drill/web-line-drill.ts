import { writeFileSync } from "node:fs";
import type { DrillEntry, MachineEntry } from "@plumbline/twin/contract/machine-log";
import { trueDrags } from "../plant/rows.ts";
import { DEFAULT_WEAR, type Scenario } from "../scenario/scenario.ts";
import { Cast, readNdjson } from "./cast.ts";
import { INSTANCE, THING } from "./costumes.ts";
import { readEntries, toLog } from "./event-log.ts";
import { type ForecastScore, scoreForecasts } from "./forecast-score.ts";
import { Lockstep } from "./lockstep.ts";
import { scoreAlarms, scoreParameter } from "./scores.ts";

/** The published rows lie this far apart, s. */
const PUBLISHED_STEP = 1_296.648324;
/** 2026-01-01T00:00:00Z: row 0 of every drill. */
export const ORIGIN = 1_767_225_600_000;
const DAY = 86_400_000;

export interface DrillRequest {
  readonly folder: string;
  readonly data?: string;
  readonly noise: { readonly speed: number; readonly tension: number };
  readonly seed: number;
  readonly signals: readonly string[];
  readonly replay?: number;
  readonly log?: string;
  readonly progress: (row: number, of: number, day: number) => void;
}

export interface DrillResult {
  readonly alarmDay: number | null;
  readonly falseAlarms: number;
  readonly rmse: Readonly<Record<string, number | null>>;
  readonly rmseInForce: Readonly<Record<string, number | null>>;
  readonly coverage90: Readonly<Record<string, number | null>>;
  readonly score90: Readonly<Record<string, number | null>>;
  readonly runsPerPoint: number;
  readonly recalibrations: {
    readonly run: number;
    readonly accepted: number;
    readonly rejected: number;
    readonly waited: number;
  };
  readonly commits: number;
  readonly refused: readonly { readonly row: number; readonly reason: string }[];
  readonly readings: number;
  readonly bytesPerReading: number;
  /** Per parameter that changes its regime: the last forecast made at least two days before, against what then happened. */
  readonly forecast: Readonly<Record<string, ForecastScore>>;
  /** Smallest change of each scored parameter that the sensors see in a day, and the sensor to add. */
  readonly observability: {
    readonly days: number;
    readonly sigmas: number;
    readonly smallestChange: Readonly<Record<string, number | null>>;
    readonly othersKnown: Readonly<Record<string, number | null>>;
    readonly nextSensor: string | null;
  } | null;
  readonly final: Readonly<
    Record<
      string,
      {
        readonly mean: number;
        readonly sd: number;
        readonly lower90: number;
        readonly upper90: number;
        readonly identifiable: string;
      }
    >
  >;
  readonly digest: string;
}

/** Scored: the bearings that wear, from the day they begin to. */
const SCORED = DEFAULT_WEAR.map(({ roller }) => `b${roller}`);
const ONSET = Math.min(...DEFAULT_WEAR.map(({ fromDay }) => fromDay));

/** The thirty days, row by row, through agent, ingest, planner, recalibration and apply; then its figures. */
export async function webLineDrill(request: DrillRequest): Promise<DrillResult> {
  const scenario = drillScenario(request);
  const replay =
    request.replay === undefined ? {} : { replay: { copies: request.replay, seed: request.seed } };
  const cast = await Cast.start({ folder: request.folder, scenario, planner: "stdio", ...replay });
  try {
    const times = await playRows(cast, request);
    const entries = readEntries(
      await cast.cloud(
        "events",
        "--thing",
        THING,
        "--instance",
        INSTANCE,
        "--twin",
        cast.definition.id,
        "--origin",
        String(ORIGIN),
      ),
    );
    const log = toLog(entries, (t) => rowAt(times, t));
    if (request.log !== undefined)
      writeFileSync(request.log, log.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    return figures(entries, log, scenario, times);
  } finally {
    await cast.stop();
  }
}

async function playRows(cast: Cast, { progress }: DrillRequest): Promise<readonly number[]> {
  const lockstep = new Lockstep(cast);
  const plant = cast.child("plant");
  const started = plant.line(
    (line) => line["event"] === "plant.started" || line["event"] === "plant.failed",
    60_000,
  );
  cast.startPlant();
  const first = await started;
  if (first["event"] === "plant.failed")
    throw Object.assign(new Error(String(first["message"])), { code: first["code"], hint: first["hint"] });
  const rows = Number(first["rows"]);
  for (let row = 0; row < rows; row++) {
    const t = await lockstep.row(row);
    progress(row + 1, rows, (t - ORIGIN) / DAY);
  }
  await lockstep.flush();
  await cast.cloud("recalibrate", "--thing", THING, "--instance", INSTANCE, "--estimate-only");
  return [...new Set(readNdjson<{ t: number }>(cast.home.path("published.ndjson")).map(({ t }) => t))];
}

function drillScenario({ data, noise, seed, signals }: DrillRequest): Scenario {
  return {
    seed,
    origin: ORIGIN,
    days: 30,
    samplingSeconds: PUBLISHED_STEP,
    rate: "lockstep",
    signals,
    sensors: {
      speed: { noise: noise.speed, bias: 0, quantisation: 0 },
      tension: { noise: noise.tension, bias: 0, quantisation: 0 },
    },
    wear: DEFAULT_WEAR,
    faults: [],
    outages: [],
    ...(data === undefined ? {} : { file: data }),
  };
}

/** The posterior after the last row, as the last run stored it. */
function finalEstimates(entries: readonly MachineEntry[]): DrillResult["final"] {
  const newest = new Map(
    entries.flatMap((entry) => (entry.type === "estimate" ? [[entry.parameter, entry]] : [])),
  );
  return Object.fromEntries(
    [...newest].map(
      ([
        id,
        {
          mean,
          sd,
          interval90: [lower90, upper90],
          identifiable,
        },
      ]) => [id, { mean, sd, lower90, upper90, identifiable }],
    ),
  );
}

/** The row of an event time, counted from 0. */
const rowAt = (times: readonly number[], t: number): number => times.indexOf(Math.round(ORIGIN + t * DAY));

function figures(
  entries: readonly MachineEntry[],
  log: readonly DrillEntry[],
  scenario: Scenario,
  times: readonly number[],
): DrillResult {
  const days = times.map((time) => (time - ORIGIN) / DAY).filter((day) => day >= ONSET - 1e-6);
  const runs = entries.flatMap((entry) => (entry.type === "run" ? [entry] : []));
  const decided = (kind: string): number => runs.filter((run) => run.kind === kind).length;
  const score = SCORED.map(
    (parameter) =>
      [
        parameter,
        scoreParameter(log, { parameter, at: (day) => trueDrags(scenario, day)[parameter] ?? 0 }, days),
      ] as const,
  );
  const column = (
    pick: (score: ReturnType<typeof scoreParameter>) => number | null,
  ): Record<string, number | null> =>
    Object.fromEntries(score.map(([parameter, figure]) => [parameter, pick(figure)]));
  const posteriors = log.flatMap((entry) => (entry.type === "posterior" ? [entry] : []));
  const points = new Set(posteriors.map(({ t }) => t)).size;
  const frames = entries.find((entry) => entry.type === "frames");
  return {
    ...scoreAlarms(log, ONSET),
    rmse: column(({ rmse }) => rmse),
    rmseInForce: column(({ rmseInForce }) => rmseInForce),
    coverage90: column(({ coverage90 }) => coverage90),
    score90: column(({ score90 }) => score90),
    runsPerPoint: points === 0 ? 0 : runs.reduce((sum, { modelRuns }) => sum + modelRuns, 0) / points,
    recalibrations: {
      run: runs.filter(({ kind }) => kind !== "estimate").length,
      accepted: decided("accept"),
      rejected: decided("reject"),
      waited: decided("wait"),
    },
    commits: log.filter((entry) => entry.type === "decision" && entry.kind === "committed").length,
    refused: log.flatMap((entry) =>
      entry.type === "refused" ? [{ row: entry.row, reason: entry.reason }] : [],
    ),
    readings: frames?.readings ?? 0,
    bytesPerReading: frames === undefined || frames.readings === 0 ? 0 : frames.bytes / frames.readings,
    forecast: scoreForecasts(
      log,
      SCORED,
      times.map((time) => (time - ORIGIN) / DAY),
      (parameter, day) => trueDrags(scenario, day)[parameter] ?? 0,
    ),
    observability: observabilityOf(entries),
    final: finalEstimates(entries),
    digest: runs.at(-1)?.digest ?? "",
  };
}

function observabilityOf(entries: readonly MachineEntry[]): DrillResult["observability"] {
  const found = entries.find((entry) => entry.type === "observability");
  if (!found) return null;
  const scored = found.parameters.filter(({ parameter }) => SCORED.includes(parameter));
  return {
    days: found.days,
    sigmas: found.sigmas,
    smallestChange: Object.fromEntries(scored.map((one) => [one.parameter, one.smallestChange])),
    othersKnown: Object.fromEntries(scored.map((one) => [one.parameter, one.othersKnown])),
    nextSensor: found.nextSensor,
  };
}

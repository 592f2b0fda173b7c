import { setTimeout as sleep } from "node:timers/promises";
import type { MachineEntry } from "@plumbline/twin/contract/machine-log";
import { TwinError } from "@plumbline/twin/errors";
import { trueDrags } from "../plant/rows.ts";
import { readFrontier } from "../scenario/clock.ts";
import { DEFAULT_WEAR, type Scenario, SIGNALS } from "../scenario/scenario.ts";
import { Cast, readNdjson } from "./cast.ts";
import type { Line } from "./child.ts";
import { INSTANCE, THING } from "./costumes.ts";
import { readEntries, toLog } from "./event-log.ts";
import { countReadings } from "./reading-count.ts";
import { isClosed, type Judged, type Scoreboard } from "./scoreboard.ts";
import { scoreAlarms } from "./scores.ts";
import { storedPoints } from "./sitewise-census.ts";
import { Story } from "./story.ts";
import { ORIGIN } from "./web-line-drill.ts";

const DAY = 86_400_000;
const SAMPLING_SECONDS = 600;
/** Longest wall time from the plant's last row to the last acknowledgement. */
const SETTLE_MS = 120_000;

/** What happens, in days since row 0. */
export interface Plot {
  readonly days: number;
  readonly wear: Scenario["wear"];
  readonly stop: number;
  /** The uplink goes, the agent is killed, the uplink comes back. */
  readonly cut: { readonly from: number; readonly kill: number; readonly to: number };
}

/** Thirty days; half-way the uplink goes for a simulated day, and in the middle of it the agent is killed. */
export const THIRTY_DAYS: Plot = {
  days: 30,
  wear: DEFAULT_WEAR,
  stop: 5,
  cut: { from: 15, kill: 15.5, to: 16 },
};

export interface DemoRequest {
  readonly folder: string;
  readonly seed: number;
  readonly plot: Plot;
  /** Wall seconds for the whole plot. */
  readonly seconds: number;
  readonly say: (line: string) => void;
  /** Hands the running cast to whoever wants to disturb it. */
  readonly meet?: (cast: Cast) => void;
}

/** The whole loop in one terminal: thirty days of a line that wears, with a killed agent and a cut uplink half-way. */
export async function demo(request: DemoRequest): Promise<Scoreboard> {
  const story = new Story(ORIGIN, request.say);
  story.tell("starting  plant broker, plant, agent, cloud in a box, ingest, planner: a process each");
  const scenario = demoScenario(request);
  const cast = await Cast.start({
    folder: request.folder,
    scenario,
    planner: "loop",
    onLine: (process: string, line: Line) => story.heard(process, line),
  });
  try {
    request.meet?.(cast);
    const finished = cast
      .child("plant")
      .line(
        (line) => line["event"] === "plant.finished" || line["event"] === "plant.failed",
        request.seconds * 1_000 * 20,
      );
    cast.startPlant();
    await disturb(cast, story, request.plot.cut);
    const end = await finished;
    if (end["event"] === "plant.failed")
      throw new TwinError("PLANT_FAILED", String(end["message"]), `read ${cast.home.log("plant")}`);
    await settle(cast);
    return await scoreboard(cast, request);
  } finally {
    await cast.stop();
  }
}

const demoScenario = ({ seed, seconds, plot }: DemoRequest): Scenario => ({
  seed,
  origin: ORIGIN,
  days: plot.days,
  samplingSeconds: SAMPLING_SECONDS,
  rate: (plot.days * DAY) / (seconds * 1_000),
  signals: SIGNALS,
  sensors: {
    speed: { noise: 0.01, bias: 0.0005, quantisation: 0.001 },
    tension: { noise: 1, bias: 0.1, quantisation: 0.1 },
  },
  wear: plot.wear,
  stop: { day: plot.stop, minutes: 60 },
  faults: [],
  outages: [{ link: "uplink", fromDay: plot.cut.from, toDay: plot.cut.to }],
});

async function disturb(cast: Cast, story: Story, { from, kill, to }: Plot["cut"]): Promise<void> {
  await reach(cast, from);
  cast.uplink.become("cut");
  story.tell(
    `trouble   the uplink is cut for ${to - from === 1 ? "a day" : `${to - from} days`}`,
    ORIGIN + from * DAY,
  );
  await reach(cast, kill);
  cast.child("agent").kill();
  story.tell("trouble   kill -9 of the agent", ORIGIN + kill * DAY);
  await reach(cast, to);
  cast.uplink.become("pass");
  story.tell("trouble   the uplink is back", ORIGIN + to * DAY);
}

async function reach(cast: Cast, day: number): Promise<void> {
  while ((readFrontier(cast.home.path("clock.json")) ?? 0) < ORIGIN + day * DAY) await sleep(20);
}

/** After the last row: everything committed, sealed and acknowledged end to end, and one last look at the posterior. */
async function settle(cast: Cast): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  for (let settled = false; !settled; ) {
    const vitals = await cast.health.read();
    if (vitals?.idle && vitals.journal > 0) await cast.health.seal();
    settled = vitals?.idle === true && vitals.journal === 0 && vitals.ackedSequence === vitals.sealedSequence;
    if (Date.now() > deadline)
      throw new TwinError(
        "NOT_SETTLED",
        `after ${SETTLE_MS} ms the backlog is not acknowledged: ${JSON.stringify(vitals)}`,
        `read the logs in ${cast.home.path("logs")}`,
      );
    await sleep(100);
  }
  await cast.cloud("recalibrate", "--thing", THING, "--instance", INSTANCE, "--estimate-only");
}

async function scoreboard(cast: Cast, { seed, plot }: DemoRequest): Promise<Scoreboard> {
  const { days, wear } = plot;
  const printedEvents = await cast.cloud(
    "events",
    "--thing",
    THING,
    "--instance",
    INSTANCE,
    "--twin",
    cast.definition.id,
    "--origin",
    String(ORIGIN),
  );
  const entries = readEntries(printedEvents);
  const frames = entries.find((entry) => entry.type === "frames");
  const gaps = entries.flatMap((entry) =>
    entry.type === "gap" ? [{ ...entry, from: ORIGIN + entry.from * DAY, to: ORIGIN + entry.to * DAY }] : [],
  );
  const stored = await storedPoints(cast.sitewise, THING, INSTANCE, SIGNALS, ORIGIN + (days + 1) * DAY);
  const published = readNdjson<{ signal: string; t: number }>(cast.home.path("published.ndjson"));
  const alarms = entries.flatMap((entry) => (entry.type === "alarm" ? [entry.t] : []));
  const runs = entries.flatMap((entry) => (entry.type === "run" ? [entry.kind] : []));
  const decided = (kind: string): number => runs.filter((run) => run === kind).length;
  const board = {
    seed,
    readings: countReadings(published, stored, gaps, frames?.conflicts ?? 0),
    ...scoreAlarms(
      toLog(entries, () => 0),
      Math.min(...wear.map(({ fromDay }) => fromDay)),
    ),
    committedVersion: Math.max(
      0,
      ...entries.flatMap((entry) => (entry.type === "inforce" ? [entry.version] : [])),
    ),
    recalibrations: {
      run: runs.length - decided("estimate"),
      accepted: decided("accept"),
      rejected: decided("reject"),
      waited: decided("wait"),
    },
    quietDays: days - (alarms.at(-1) ?? 0),
    parameters: Object.fromEntries(
      wear.map(({ roller }) => [`b${roller}`, judged(entries, `b${roller}`, trueDrags(cast.scenario, days))]),
    ),
    restarts: Object.fromEntries([...cast.children].map(([name, child]) => [name, child.starts - 1])),
    bytesPerReading: frames === undefined || frames.readings === 0 ? 0 : frames.bytes / frames.readings,
  };
  return { loopClosed: isClosed(board), ...board };
}

function judged(
  entries: readonly MachineEntry[],
  id: string,
  truth: Readonly<Record<string, number>>,
): Judged {
  const newest = entries
    .flatMap((entry) => (entry.type === "estimate" && entry.parameter === id ? [entry] : []))
    .at(-1);
  const inForce = entries
    .flatMap((entry) => (entry.type === "inforce" && entry.parameter === id ? [entry.value] : []))
    .at(-1);
  if (newest === undefined || inForce === undefined)
    throw new TwinError(
      "NO_POSTERIOR",
      `the cloud has no posterior of ${id}`,
      "read the recalibration jobs' logs",
    );
  const [lower90, upper90] = newest.interval90;
  const [lower99, upper99] = newest.interval99;
  return { truth: truth[id] ?? 0, inForce, mean: newest.mean, lower90, upper90, lower99, upper99 };
}

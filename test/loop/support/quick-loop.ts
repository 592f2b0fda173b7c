import { Assimilator } from "@plumbline/twin/calibration/assimilator";
import { judge, type Verdict } from "@plumbline/twin/calibration/judge";
import { HELD_OUT } from "@plumbline/twin/calibration/judge-evidence";
import type { PosteriorPoint } from "@plumbline/twin/calibration/posterior";
import type { EvidenceRow } from "@plumbline/twin/calibration/rows";
import { Trial } from "@plumbline/twin/calibration/trial";
import type { DrillEntry } from "@plumbline/twin/contract/machine-log";
import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import { priorSet } from "@plumbline/twin/definition/prior-set";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { webLine } from "@plumbline/twin/definition/web-line";
import { DriftCharts } from "@plumbline/twin/estimation/drift-charts";
import type { Row } from "@plumbline/twin/estimation/observer";
import { linearise } from "@plumbline/twin/estimation/sensitivity";
import { memoryOf, regimeForecasts } from "@plumbline/twin/prognosis/regime-forecasts";
import { dueness, ended } from "../../../cloud/src/recalibrate/planner.ts";
import { NO_PLAN, type Plan } from "../../../cloud/src/recalibrate/planner-state.ts";
import { recentRows } from "../../../cloud/src/recalibrate/watermark.ts";

const DAY = 86_400_000;
const INITIAL = priorSet(webLine, "gateway-7", "line-1");

/**
 * The loop's decisions in one process: charts, planner, estimate, judge and trial are the product's own; transport,
 * storage and frames are left out (every reading is in the cloud at once). For many seeds; the drill is the proof for few.
 */
export class QuickLoop {
  readonly #origin: number;
  readonly #definition: TwinDefinition;
  readonly #assimilator: Assimilator;
  readonly #rows: EvidenceRow[] = [];
  readonly #trace: PosteriorPoint[] = [];
  readonly log: DrillEntry[] = [];
  #set: ParameterSet = INITIAL;
  #since = Number.NEGATIVE_INFINITY;
  #charts: DriftCharts;
  #alarmAt: number | undefined;
  #plan: Plan = NO_PLAN;
  #trial: { readonly trial: Trial; readonly set: ParameterSet } | undefined;
  #version = 0;
  verdicts: Verdict[] = [];

  constructor(origin: number, definition: TwinDefinition = webLine) {
    this.#origin = origin;
    this.#definition = definition;
    this.#assimilator = Assimilator.start(definition);
    this.#charts = this.#chartsOf(INITIAL);
    this.#tellInForce(origin);
  }

  row(row: EvidenceRow): void {
    this.#rows.push(row);
    const point = this.#assimilator.assimilate(row);
    if (point) {
      this.#trace.push(point);
      for (const { id, mean, sd, interval90 } of point.parameters)
        this.log.push({ type: "posterior", t: this.#day(row.at), parameter: id, mean, sd, interval90 });
    }
    if (!row.inMode) return;
    this.#watch(row);
    this.#try(row);
    this.#look(row.at);
  }

  #watch({ at, values }: EvidenceRow): void {
    for (const { chart, statistic } of this.#charts.watch(at, values)) {
      this.#alarmAt ??= at;
      this.log.push({ type: "alarm", t: this.#day(at), chart, statistic });
    }
  }

  #try({ at, values, inMode }: EvidenceRow): void {
    if (!this.#trial) return;
    const verdict = this.#trial.trial.row({ at, values, inMode, virtual: [], alarms: [] } satisfies Row);
    if (verdict.kind === "continue") return;
    const { set } = this.#trial;
    this.#trial = undefined;
    this.log.push({ type: "decision", t: this.#day(at), kind: verdict.kind, reason: verdict.reason });
    if (verdict.kind === "revert") return;
    this.#set = set;
    this.#since = at;
    this.#charts = this.#chartsOf(set);
    this.#alarmAt = undefined;
    this.#tellInForce(at);
  }

  #look(now: number): void {
    if (this.#trial) return;
    const { policy } = this.#definition;
    const alarms = this.#alarmAt === undefined ? [] : [{ at: this.#alarmAt, set: this.#set.version }];
    const state = {
      lowest: this.#rows[0]?.at ?? now,
      alarms,
      set: this.#set.version,
      epoch: "e",
      sequence: this.#rows.length,
    };
    const judgement = dueness(
      {
        state: state as never,
        head: undefined,
        reported: undefined,
        policy,
        plan: this.#plan,
        requested: undefined,
      },
      now,
    );
    if (judgement.kind !== "due") return;
    this.#foretell(now);
    const verdict = this.#judge(now);
    this.verdicts.push(verdict);
    this.log.push({ type: "decision", t: this.#day(now), kind: verdict.kind, reason: verdict.reason });
    const running: Plan = {
      ...this.#plan,
      submitted: now,
      job: { id: "j", reason: judgement.reason, runs: 0 },
    };
    this.#plan = ended(running, { kind: "verdict", verdict: verdict.kind }, policy, now);
    if (verdict.kind !== "accept") return;
    const { parameters, covariance, signals } = this.#assimilator.posterior();
    const set: ParameterSet = {
      ...INITIAL,
      version: ++this.#version,
      issued: now,
      window: [this.#origin, now],
      parameters,
      covariance,
      signals,
    };
    this.#trial = { trial: Trial.start(this.#definition, this.#set, set, now), set };
  }

  #foretell(now: number): void {
    const from = now - memoryOf(this.#definition);
    const recent = this.#trace.filter(({ at }) => at >= from);
    const day = (at: number | null): number | null => (at === null ? null : this.#day(at));
    for (const told of regimeForecasts(this.#definition, recent, this.#assimilator.posterior()))
      this.log.push({
        type: "forecast",
        t: this.#day(now),
        parameter: told.parameter,
        limit: told.limit,
        probability: told.probability,
        horizon: told.horizon / DAY,
        median: day(told.median),
        interval90: [day(told.interval90[0]), day(told.interval90[1])],
      });
  }

  #judge(now: number): Verdict {
    const recent = recentRows(this.#rows, this.#since, now - this.#definition.policy.schedule, HELD_OUT);
    return judge({
      definition: this.#definition,
      incumbent: this.#set,
      candidate: this.#assimilator.posterior(),
      recent,
      trace: this.#trace.slice(-recent.length - 100),
      alarmed: this.#alarmAt !== undefined,
    });
  }

  #chartsOf = (set: ParameterSet): DriftCharts =>
    new DriftCharts(this.#definition, set, linearise(this.#definition, set));

  #tellInForce(at: number): void {
    for (const { id, mean } of this.#set.parameters)
      this.log.push({
        type: "inforce",
        t: this.#day(at),
        parameter: id,
        value: mean,
        version: this.#set.version,
      });
  }
  #day = (at: number): number => (at - this.#origin) / DAY;
}

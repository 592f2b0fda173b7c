import { twinDefinition } from "@plumbline/twin/definition/twins";
import { TwinError } from "@plumbline/twin/errors";
import type { JobQueue } from "../aws/batch-jobs.ts";
import type { GatewayLink } from "../aws/iot-data.ts";
import type { CloudEvent } from "../events.ts";
import type { IngestState } from "../store/ingest-state.ts";
import { getJson, putJson, swapJson } from "../store/json-object.ts";
import { PLANNER_STATE, shardsKey } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { PosteriorHead } from "../store/posterior-head.ts";
import { reportedState } from "../store/reported.ts";
import { FleetView } from "./fleet-view.ts";
import {
  admitted,
  type Candidate,
  dueness,
  ended,
  type Judgement,
  outcomeOf,
  type Sighting,
  submitted,
} from "./planner.ts";
import { NO_PLAN, type Plan, type PlannerState } from "./planner-state.ts";

export interface PlannerPorts {
  readonly objects: ObjectStore;
  readonly jobs: JobQueue;
  readonly link: Pick<GatewayLink, "shadow">;
  /** Scenario time. */
  readonly now: () => number;
  readonly tell: (event: CloudEvent) => void;
  /** Recalibrations at once, in the whole fleet. */
  readonly cap: number;
}
/** What one look at the fleet came to. `nextDue`: scenario time at which something may be due without news; null: unknown. */
export interface Look {
  readonly submitted: readonly { readonly thing: string; readonly reason: string; readonly job: string }[];
  readonly running: number;
  readonly nextDue: number | null;
  /** Newest version published to each machine that has been sent one. */
  readonly published: Readonly<Record<string, number>>;
}

/** A whole-fleet answer of the shadow, for a first look that asks no gateway: as if every set had been decided on. */
const DECIDED = {
  report: { version: Number.MAX_SAFE_INTEGER, state: "committed", reason: "", since: 0 },
} as const;

interface Seen {
  readonly state: IngestState;
  readonly head: PosteriorHead | undefined;
  readonly plan: Plan;
}

/** Looks at every machine, settles jobs that have ended, submits who is due. Its memory is one object, swapped. */
export class Planning {
  readonly #ports: PlannerPorts;
  readonly #fleet: FleetView;

  constructor(ports: PlannerPorts) {
    this.#ports = ports;
    this.#fleet = new FleetView(ports.objects);
  }

  /**
   * @param mode "settle" only takes note of jobs that have ended.
   * @throws {TwinError} CONTENDED when another planner wrote in between: its look counts.
   */
  async look(mode: "submit" | "settle" = "submit"): Promise<Look> {
    const now = this.#ports.now();
    const before = await getJson<PlannerState>(this.#ports.objects, PLANNER_STATE);
    const seen = await this.#settle(before?.value.plans ?? {}, now);
    const { candidates, nextDue } = await this.#candidates(seen, now);
    const running = seen.filter(({ plan }) => plan.job).length;
    const chosen = mode === "settle" ? [] : admitted(candidates, running, this.#ports.cap);
    const ids = await this.#submit(chosen, seen, now);
    const plans = Object.fromEntries(
      seen.map(({ state, head, plan }) => {
        const at = chosen.findIndex(({ thing }) => thing === state.thing);
        const candidate = chosen[at];
        const id = ids[at];
        return [
          state.thing,
          candidate && id !== undefined
            ? submitted(plan, { id, reason: candidate.reason, runs: head?.runs.run ?? 0 }, now)
            : plan,
        ];
      }),
    );
    if (JSON.stringify(plans) !== JSON.stringify(before?.value.plans ?? {}))
      await this.#save({ plans }, before?.etag);
    return {
      submitted: chosen.map(({ thing, reason }, at) => ({ thing, reason, job: ids[at] ?? "" })),
      running: running + chosen.length,
      nextDue,
      published: Object.fromEntries(
        seen.flatMap(({ state, head }) =>
          head?.versions[0] ? [[state.thing, head.versions[0].version]] : [],
        ),
      ),
    };
  }

  async #save(state: PlannerState, etag: string | undefined): Promise<void> {
    if (await swapJson(this.#ports.objects, PLANNER_STATE, state, etag)) return;
    throw new TwinError(
      "CONTENDED",
      "another planner has written the plans",
      "run one planner; a job submitted twice does its work once",
      { retry: "later" },
    );
  }

  /** Every machine with its plan, jobs that have ended settled. */
  async #settle(plans: PlannerState["plans"], now: number): Promise<Seen[]> {
    const states = await this.#fleet.states();
    const under = states.flatMap(({ thing }) => plans[thing]?.job?.id ?? []);
    const jobs = under.length > 0 ? await this.#ports.jobs.states(under) : new Map<string, never>();
    const seen: Seen[] = [];
    for (const state of states) {
      const head = await this.#fleet.head(state);
      const plan = { ...NO_PLAN, ...plans[state.thing] };
      const outcome = plan.job && outcomeOf(plan.job, jobs.get(plan.job.id) ?? "unknown", head);
      if (plan.job && outcome) {
        const verdict = outcome.kind === "verdict" ? { verdict: outcome.verdict } : {};
        this.#ports.tell({
          name: "planner.finished",
          thing: state.thing,
          jobId: plan.job.id,
          state: outcome.kind,
          ...verdict,
        });
      }
      seen.push({
        state,
        head,
        plan: outcome ? ended(plan, outcome, twinDefinition(state.twin.id).policy, now) : plan,
      });
    }
    return seen;
  }

  async #candidates(
    seen: readonly Seen[],
    now: number,
  ): Promise<{ candidates: Candidate[]; nextDue: number | null }> {
    const requests = await this.#fleet.requests();
    const candidates: Candidate[] = [];
    let nextDue: number | null = null;
    for (const { state, head, plan } of seen) {
      const { policy } = twinDefinition(state.twin.id);
      const judgement = await this.#judge(
        { state, head, plan, policy, requested: requests.get(state.thing), reported: DECIDED },
        now,
      );
      if (judgement.kind === "due")
        candidates.push({ thing: state.thing, reason: judgement.reason, since: judgement.since });
      if (judgement.kind === "later") nextDue = Math.min(nextDue ?? judgement.at, judgement.at);
    }
    return { candidates, nextDue };
  }

  /** The gateway's shadow is read only for a machine that would be due and has been sent a set. */
  async #judge(sighting: Sighting, now: number): Promise<Judgement> {
    const first = dueness(sighting, now);
    if (first.kind !== "due" || (sighting.head?.versions.length ?? 0) === 0) return first;
    const { thing, instance } = sighting.state;
    return dueness(
      { ...sighting, reported: reportedState(await this.#ports.link.shadow(thing, instance)) },
      now,
    );
  }

  /** One job for one machine, an array job for several: child i has machine i. */
  async #submit(
    chosen: readonly Candidate[],
    seen: readonly Seen[],
    now: number,
  ): Promise<readonly string[]> {
    const machines = chosen.map(({ thing }) => ({
      thing,
      instance: seen.find(({ state }) => state.thing === thing)?.state.instance ?? "",
    }));
    const [first] = machines;
    if (!first) return [];
    const asOf = now.toFixed(0);
    const name = `recalibrate-${asOf}`;
    const tell = (jobId: string): void =>
      this.#ports.tell({
        name: "planner.submitted",
        jobId,
        machines: machines.length,
        reasons: [...new Set(chosen.map(({ reason }) => reason))],
      });
    if (machines.length === 1) {
      const id = await this.#ports.jobs.submit({
        name,
        command: ["--thing", first.thing, "--instance", first.instance, "--as-of", asOf],
      });
      tell(id);
      return [id];
    }
    const key = shardsKey(name);
    await putJson(this.#ports.objects, key, { shards: machines.map((machine) => [machine]) });
    const id = await this.#ports.jobs.submit({
      name,
      command: ["--shards", key, "--as-of", asOf],
      arraySize: machines.length,
    });
    tell(id);
    return machines.map((_, index) => `${id}:${index}`);
  }
}

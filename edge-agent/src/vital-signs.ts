import { encodeHeartbeat } from "@plumbline/twin/contract/heartbeat";
import type { Machine } from "./apply/desk.ts";
import type { Clock } from "./clock.ts";
import type { Mark } from "./counts.ts";
import type { Latency } from "./health/latency.ts";
import type { Vitals } from "./health/vitals.ts";
import type { Intake } from "./intake.ts";
import type { GroupCommit } from "./outbox/group-commit.ts";
import type { OutboxStatus } from "./outbox/outbox.ts";
import type { Parameters } from "./parameters.ts";
import type { Station } from "./station.ts";
import { AGENT_VERSION } from "./version.ts";

/** Everything that the agent can say of itself at one instant. */
export interface Signs {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly capBytes: number;
  readonly epoch: string;
  readonly station: Station;
  readonly commit: Pick<GroupCommit<Mark>, "isIdle" | "isStuck">;
  readonly intake: Pick<Intake, "received">;
  readonly mark: Mark;
  readonly status: OutboxStatus;
  readonly latency: Latency;
  readonly parameters: Pick<Parameters, "queue" | "seenVersion">;
  readonly sourceConnected: boolean;
  readonly uplinkConnected: boolean;
  readonly standingUp: boolean;
}

function applyState({ trial, held }: Mark): "idle" | "trial" | "held" {
  if (trial !== null) return "trial";
  return held === null ? "idle" : "held";
}

export function heartbeatOf({ machine, clock, epoch, mark, status }: Signs): string {
  const { backlogReadings, backlogFrames, backlogBytes, oldest } = status;
  return encodeHeartbeat({
    thing: machine.thing,
    instance: machine.instance,
    at: clock.now(),
    agentVersion: AGENT_VERSION,
    twinVersion: machine.definition.version,
    epoch,
    backlogReadings: backlogReadings + mark.journal,
    backlogFrames,
    backlogBytes,
    ...(oldest === null ? {} : { oldest }),
    set: mark.set,
    applyState: applyState(mark),
    ...(mark.meanNis === null ? {} : { meanNis: mark.meanNis }),
  });
}

export function vitalsOf(signs: Signs, withState: boolean): Vitals {
  const { machine, clock, mark, status, commit, parameters, station, intake } = signs;
  const { counts, trial, held, highest, set, lastEventTime, journal, meanNis } = mark;
  const { bytes, full, backlogFrames, backlogReadings, backlogBytes, oldest, sealed, highestSent, acked } =
    status;
  const inFlight = intake.received - counts.committed - counts.duplicate - counts.rejected - counts.lost;
  const { queue, seenVersion } = parameters;
  return {
    idle: inFlight === 0 && commit.isIdle && queue === 0 && !signs.standingUp,
    version: AGENT_VERSION,
    thing: machine.thing,
    instance: machine.instance,
    epoch: signs.epoch,
    received: intake.received,
    ...counts,
    inFlight,
    lastEventTime,
    journal,
    sealedSequence: sealed,
    sentSequence: highestSent,
    ackedSequence: acked,
    set,
    expired: station.desk.isExpired(clock.now()),
    apply: { state: applyState(mark), version: trial ?? held, queue, highest },
    seenVersion,
    source: { connected: signs.sourceConnected },
    uplink: { connected: signs.uplinkConnected },
    commit: { ...signs.latency.summary(), stuck: commit.isStuck },
    outbox: { bytes, capBytes: signs.capBytes, full, backlogFrames, backlogReadings, backlogBytes, oldest },
    meanNis,
    now: clock.now(),
    ...(withState ? { stateHash: station.hash() } : {}),
  };
}

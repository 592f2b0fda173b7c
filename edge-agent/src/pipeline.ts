import { encodeHeartbeat } from "@plumbline/twin/contract/heartbeat";
import { TwinError } from "@plumbline/twin/errors";
import type { Machine } from "./apply/desk.ts";
import type { Dice } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import type { AgentConfig } from "./config.ts";
import type { Mark } from "./counts.ts";
import type { EdgeEvent } from "./events.ts";
import { Latency } from "./health/latency.ts";
import type { Vitals } from "./health/vitals.ts";
import { Intake } from "./intake.ts";
import { GroupCommit } from "./outbox/group-commit.ts";
import type { Opened, Outbox, OutboxStatus } from "./outbox/outbox.ts";
import { Parameters } from "./parameters.ts";
import type { Source, SourceListener, Ticket } from "./source/source.ts";
import { Station } from "./station.ts";
import type { CloudLink, CloudListener } from "./uplink/cloud-link.ts";
import { Uplink } from "./uplink/uplink.ts";
import { AGENT_VERSION } from "./version.ts";

export interface Stages {
  readonly machine: Machine;
  readonly config: AgentConfig;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly outbox: Outbox;
  source(listener: SourceListener): Source;
  link(listener: CloudListener): CloudLink;
  tell(event: EdgeEvent): void;
}

/** What lives as long as one opening of the outbox file. */
interface Sitting {
  readonly epoch: string;
  readonly station: Station;
  readonly commit: GroupCommit<Mark>;
  readonly intake: Intake;
  readonly uplink: Uplink;
}

const HEARTBEAT = 60_000;
const SILENCE = 5_000;
const POLL_BEATS = 10;

/**
 * A reading's way through the edge: every stage is the folder of that name.
 *
 *     source → validate → filter → outbox → (commit) → acknowledge to the plant
 *                                     └→ frames → uplink → cloud's acknowledgement → forget
 *     shadow → parts → verify → trial beside the incumbent → commit or revert → report
 */
export class Pipeline {
  readonly #stages: Stages;
  readonly #latency = new Latency();
  readonly #parameters: Parameters;
  #sitting!: Sitting; // set by open() before anything else can run
  #status!: OutboxStatus; // likewise
  #mark!: Mark; // likewise
  #source: Source | undefined;
  #link: CloudLink | undefined;
  #heart: NodeJS.Timeout | undefined;
  #beats = 0;
  readonly #tickets: Ticket[] = [];
  #stopping = false;
  /** The file is damaged and being salvaged. */
  #standingUp = false;
  #broken: (error: TwinError) => void = () => undefined;
  /** Settles only when the agent cannot go on. */
  readonly broken: Promise<TwinError> = new Promise((resolve) => {
    this.#broken = resolve;
  });

  private constructor(stages: Stages) {
    this.#stages = stages;
    const { machine, clock, dice } = stages;
    this.#parameters = new Parameters({
      machine,
      config: stages.config.apply,
      clock,
      dice,
      station: () => this.#sitting.station,
      link: () => this.#link,
      record: (entry) => this.#sitting.intake.record(entry),
      tell: stages.tell,
    });
  }

  /** Opens the outbox, resumes, and only then connects: nothing can arrive before there is a place for it. */
  static async start(stages: Stages): Promise<Pipeline> {
    const pipeline = new Pipeline(stages);
    await pipeline.#sit();
    pipeline.#link = stages.link(pipeline.#cloudListener());
    pipeline.#source = stages.source(pipeline.#sourceListener());
    pipeline.#heart = setInterval(() => pipeline.beat(), Math.max(1_000, HEARTBEAT / stages.clock.rate));
    return pipeline;
  }

  async #sit(): Promise<void> {
    const { outbox, machine, config, clock, dice, tell } = this.#stages;
    const opened = await outbox.open();
    const longestBackoff = clock.backoff(60_000);
    const station = new Station(machine, opened, config.outbox, tell);
    const commit = new GroupCommit<Mark>(
      (batch) => outbox.append(batch),
      { ...config.outbox, longestBackoff: Math.min(longestBackoff, 5_000), dice },
      { committed: (status, mark, latencyMs) => this.#committed(status, mark, latencyMs), failed: (error) => void this.#failed(error) },
      tell,
    );
    const intake = new Intake({ station, commit, clock, overflow: config.outbox.overflow, acknowledge: (ticket) => this.#acknowledge(ticket), tell }, opened.status);
    const uplink = new Uplink(this.#store(), () => this.#link, { thing: machine.thing, inFlight: config.uplink.inFlight, silence: clock.backoff(SILENCE), longestBackoff, dice }, opened.status, tell);
    this.#sitting = { epoch: opened.epoch, station, commit, intake, uplink };
    this.#status = opened.status;
    this.#mark = intake.mark();
    await this.#moveIn(opened);
    for (const action of opened.commands) this.#parameters.byHand(action);
    if (opened.commands.length > 0) intake.steps([{ kind: "note", clears: "commands" }]);
    await commit.settle();
    this.#parameters.committed(); // a new agent must tell its nonce before it has anything else to say
    tell({ name: "agent.started", version: AGENT_VERSION, epoch: opened.epoch, replayed: opened.journal.length, set: station.desk.incumbent.version });
  }

  /** A damaged file was put aside: what could be read of it goes through the same stages into the new one. */
  async #moveIn({ salvage }: Opened): Promise<void> {
    if (!salvage) return;
    const { station, intake, commit } = this.#sitting;
    intake.steps(station.moveIn());
    let frames = 0;
    let missingFrames = 0;
    let readings = 0;
    for (let done = false; !done; ) {
      const part = await this.#stages.outbox.salvaged();
      for (const record of part.gaps) intake.record({ kind: "gap", record });
      for (const reading of part.readings) intake.record({ kind: "reading", reading });
      await commit.settle();
      frames += part.frames;
      missingFrames += part.missingFrames;
      readings += part.readings.length;
      done = part.done;
    }
    await this.#stages.outbox.salvageDone();
    this.#stages.tell({ name: "outbox.salvaged", quarantine: salvage.quarantine, frames, readings, missingFrames, why: salvage.why });
  }

  #store(): ConstructorParameters<typeof Uplink>[0] {
    const { outbox } = this.#stages;
    const guard = async <T>(work: Promise<T>): Promise<T> => {
      try {
        return await work;
      } catch (error) {
        if (error instanceof TwinError && error.retry !== "later") void this.#failed(error);
        throw error;
      }
    };
    return {
      take: (after, limit) => guard(outbox.take(after, limit)),
      acknowledge: async (ack) => {
        const outcome = await guard(outbox.acknowledge(ack));
        if (outcome.kind === "advanced") this.#refresh(outcome.status);
        return outcome;
      },
    };
  }

  #committed(status: OutboxStatus, mark: Mark, latencyMs: number): void {
    this.#latency.add(latencyMs);
    this.#mark = mark;
    this.#refresh(status);
    this.#parameters.committed();
  }

  #refresh(status: OutboxStatus): void {
    const { tell, config } = this.#stages;
    if (status.full && !this.#status.full) tell({ name: "outbox.full", bytes: status.bytes, cap: config.outbox.capBytes, policy: config.outbox.overflow });
    if (status.dropped.frames > 0) tell({ name: "outbox.dropped", ...status.dropped });
    this.#status = status;
    this.#sitting.intake.committed(status);
    this.#sitting.uplink.sealed(status.sealed);
  }

  /** Acknowledgements of one commit leave together. */
  #acknowledge(ticket: Ticket): void {
    this.#tickets.push(ticket);
    if (this.#tickets.length === 1) queueMicrotask(() => this.#source?.acknowledge(this.#tickets.splice(0)));
  }

  /** The file is damaged: sit down at a new one, and have the plant send again what was never acknowledged. */
  async #failed(error: TwinError): Promise<void> {
    const { tell } = this.#stages;
    if (this.#stopping || this.#standingUp) return;
    this.#standingUp = true;
    this.#sitting.commit.stop();
    this.#sitting.uplink.stop();
    tell({ name: "agent.fault", code: error.code, message: error.message, hint: error.hint });
    if (error.code !== "CORRUPT") return this.#broken(error);
    try {
      await this.#sit();
      this.#standingUp = false;
      this.#source?.restart();
      this.#sitting.uplink.connected();
    } catch (cause) {
      this.#broken(cause instanceof TwinError ? cause : new TwinError("AGENT_FAULT", String(cause), "restart the agent: everything acknowledged is on disk", { cause }));
    }
  }

  #sourceListener(): SourceListener {
    const { tell, config } = this.#stages;
    return {
      sample: (sample) => this.#sitting.intake.sample(sample),
      connected: (sessionPresent) => tell({ name: "source.connected", url: config.source.mqttUrl, sessionPresent }),
      lost: (reason, retryMs) => tell({ name: "source.lost", url: config.source.mqttUrl, reason, retryMs }),
    };
  }

  #cloudListener(): CloudListener {
    const { tell } = this.#stages;
    return {
      connected: (kind) => {
        tell({ name: "uplink.connected", kind });
        this.#sitting.uplink.connected();
        this.#parameters.connected();
      },
      lost: (reason, retryMs) => tell({ name: "uplink.lost", reason, retryMs }),
      ack: (json) => void this.#sitting.uplink.heard(json).catch(() => undefined), // told by whoever owns the store; the ack comes again
      desired: (pointer) => this.#parameters.desired(pointer),
      part: (version, part, text) => this.#parameters.part(version, part, text),
      ignored: (topic, reason) => tell({ name: "uplink.message-ignored", topic, reason }),
    };
  }

  /** Tells the cloud how the agent is: a hint, nothing waits for it. */
  beat(): void {
    if (this.#link?.connected !== true) return;
    this.#beats++;
    if (this.#beats % POLL_BEATS === 0) this.#parameters.poll();
    const { machine, clock } = this.#stages;
    const { backlogReadings, backlogFrames, backlogBytes, oldest } = this.#status;
    const { set, meanNis, journal } = this.#mark;
    const heartbeat = encodeHeartbeat({
      thing: machine.thing,
      instance: machine.instance,
      at: clock.now(),
      agentVersion: AGENT_VERSION,
      twinVersion: machine.definition.version,
      epoch: this.#sitting.epoch,
      backlogReadings: backlogReadings + journal,
      backlogFrames,
      backlogBytes,
      ...(oldest === null ? {} : { oldest }),
      set,
      applyState: this.#applyState(),
      ...(meanNis === null ? {} : { meanNis }),
    });
    this.#link.publishHeartbeat(heartbeat).catch(() => undefined); // a hint: the next one says more
  }

  #applyState(): "idle" | "trial" | "held" {
    if (this.#mark.trial !== null) return "trial";
    return this.#mark.held === null ? "idle" : "held";
  }

  vitals(withState: boolean): Vitals {
    const { machine, clock, config } = this.#stages;
    const { epoch, station, commit, intake } = this.#sitting;
    const { counts, trial, held, highest, set, lastEventTime, journal, meanNis } = this.#mark;
    const inFlight = intake.received - counts.committed - counts.duplicate - counts.rejected - counts.lost;
    const queue = this.#parameters.queue;
    const { bytes, full, backlogFrames, backlogReadings, backlogBytes, oldest, sealed, highestSent, acked } = this.#status;
    return {
      idle: inFlight === 0 && commit.isIdle && queue === 0 && !this.#standingUp,
      version: AGENT_VERSION,
      thing: machine.thing,
      instance: machine.instance,
      epoch,
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
      apply: { state: this.#applyState(), version: trial ?? held, queue, highest },
      seenVersion: this.#parameters.seenVersion,
      source: { connected: this.#source?.connected === true },
      uplink: { connected: this.#link?.connected === true },
      commit: { ...this.#latency.summary(), stuck: commit.isStuck },
      outbox: { bytes, capBytes: config.outbox.capBytes, full, backlogFrames, backlogReadings, backlogBytes, oldest },
      meanNis,
      now: clock.now(),
      ...(withState ? { stateHash: station.hash() } : {}),
    };
  }

  byHand(action: "revert" | "resume"): { readonly done: boolean; readonly detail: string } {
    return this.#parameters.byHand(action);
  }
  /** Seals what is open, so that it can leave now. */
  async seal(): Promise<number> {
    const { intake, station, commit } = this.#sitting;
    intake.steps(station.sealNow());
    await commit.settle();
    return this.#status.sealed;
  }

  /** Stops the source, commits what is buffered, leaves unacknowledged frames and the open journal where they are. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#heart);
    this.#parameters.stop();
    this.#sitting.uplink.stop();
    await Promise.race([this.#sitting.commit.settle(), pause(2_000)]);
    await Promise.race([Promise.all([this.#source?.close(), this.#link?.close()]), pause(1_000)]);
    this.#sitting.commit.stop();
    await this.#stages.outbox.close().catch(() => undefined); // its thread is gone already
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds).unref());

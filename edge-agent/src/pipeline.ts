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
import { moveIn } from "./moving-in.ts";
import { GroupCommit } from "./outbox/group-commit.ts";
import { openPatiently } from "./outbox/open-patiently.ts";
import type { Outbox, OutboxStatus } from "./outbox/outbox.ts";
import { Parameters } from "./parameters.ts";
import { storeOf } from "./sent-frames.ts";
import type { Source, SourceListener, Ticket } from "./source/source.ts";
import { Station } from "./station.ts";
import type { CloudLink, CloudListener } from "./uplink/cloud-link.ts";
import { Uplink } from "./uplink/uplink.ts";
import { AGENT_VERSION } from "./version.ts";
import { heartbeatOf, type Signs, vitalsOf } from "./vital-signs.ts";

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
    const opened = await openPatiently(outbox, tell);
    const longestBackoff = clock.backoff(60_000);
    const station = new Station(machine, opened, config.outbox, tell);
    const commit = new GroupCommit<Mark>(
      (batch) => outbox.append(batch),
      { ...config.outbox, longestBackoff: Math.min(longestBackoff, 5_000), dice },
      {
        committed: (status, mark, latencyMs) => this.#committed(status, mark, latencyMs),
        failed: (error) => void this.#failed(error),
      },
      tell,
    );
    const intake = new Intake(
      {
        station,
        commit,
        clock,
        overflow: config.outbox.overflow,
        acknowledge: (ticket) => this.#acknowledge(ticket),
        tell,
      },
      opened.status,
    );
    const uplink = new Uplink(
      storeOf(
        outbox,
        (error) => void this.#failed(error),
        (status) => this.#refresh(status),
      ),
      () => this.#link,
      {
        thing: machine.thing,
        inFlight: config.uplink.inFlight,
        silence: clock.backoff(SILENCE),
        longestBackoff,
        dice,
      },
      opened.status,
      tell,
    );
    this.#sitting = { epoch: opened.epoch, station, commit, intake, uplink };
    this.#status = opened.status;
    this.#mark = intake.mark();
    if (opened.salvage) await moveIn(opened.salvage, this.#sitting, this.#stages);
    for (const action of opened.commands) this.#parameters.byHand(action);
    if (opened.commands.length > 0) intake.steps([{ kind: "note", clears: "commands" }]);
    await commit.settle();
    this.#parameters.committed(); // a new agent must tell its nonce before it has anything else to say
    tell({
      name: "agent.started",
      version: AGENT_VERSION,
      epoch: opened.epoch,
      replayed: opened.journal.length,
      set: station.desk.incumbent.version,
    });
  }

  #committed(status: OutboxStatus, mark: Mark, latencyMs: number): void {
    this.#latency.add(latencyMs);
    this.#mark = mark;
    this.#refresh(status);
    this.#parameters.committed();
  }

  #refresh(status: OutboxStatus): void {
    const { tell, config } = this.#stages;
    if (status.full && !this.#status.full)
      tell({
        name: "outbox.full",
        bytes: status.bytes,
        cap: config.outbox.capBytes,
        policy: config.outbox.overflow,
      });
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
      this.#broken(
        cause instanceof TwinError
          ? cause
          : new TwinError(
              "AGENT_FAULT",
              String(cause),
              "restart the agent: everything acknowledged is on disk",
              { cause },
            ),
      );
    }
  }

  #sourceListener(): SourceListener {
    const { tell, config } = this.#stages;
    return {
      sample: (sample) => this.#sitting.intake.sample(sample),
      connected: (sessionPresent) =>
        tell({ name: "source.connected", url: config.source.mqttUrl, sessionPresent }),
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
    this.#parameters.tick();
    if (this.#link?.connected !== true) return;
    this.#beats++;
    if (this.#beats % POLL_BEATS === 0) this.#parameters.poll();
    this.#link.publishHeartbeat(heartbeatOf(this.#signs())).catch(() => undefined); // the next one says more
  }

  #signs(): Signs {
    const { machine, clock, config } = this.#stages;
    return {
      ...this.#sitting,
      machine,
      clock,
      capBytes: config.outbox.capBytes,
      mark: this.#mark,
      status: this.#status,
      latency: this.#latency,
      parameters: this.#parameters,
      sourceConnected: this.#source?.connected === true,
      uplinkConnected: this.#link?.connected === true,
      standingUp: this.#standingUp,
    };
  }

  vitals(withState: boolean): Vitals {
    return vitalsOf(this.#signs(), withState);
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

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds).unref());

import type { TrialVerdict } from "@plumbline/twin/calibration/trial";
import type { DecisionRecord } from "@plumbline/twin/contract/frame";
import { decodeParameterSet, type ParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { Reading } from "@plumbline/twin/contract/reading";
import { sha256 } from "@plumbline/twin/contract/sha256";
import { definitionDigest } from "@plumbline/twin/definition/digest";
import { type DeskState, type Machine, NO_MEMORY, ParameterDesk, SLOT_DAMAGED } from "./apply/desk.ts";
import type { EdgeEvent } from "./events.ts";
import { Filter } from "./filter/filter.ts";
import { type BuilderState, FrameBuilder } from "./outbox/frame-builder.ts";
import type { JournalEntry, Opened, Step } from "./outbox/outbox.ts";
import type { Sample } from "./source/parse-reading.ts";
import { type Judged, Validator, type ValidatorState } from "./validate/validator.ts";

interface StationState {
  readonly validator: ValidatorState;
  readonly builder: BuilderState;
  readonly desk: DeskState;
  readonly alarmSealed: AlarmSealed | null;
}

/** The newest alarm that closed a frame, and the set in force then. */
interface AlarmSealed {
  readonly set: number;
  readonly at: number;
}

/**
 * The agent without its sockets, clocks and threads: what follows from the journal. Holds:
 *  - the same entries in the same order give the same frames, states and decisions, bit for bit (a checkpoint slice aside);
 *  - so a restart restores the state at the last seal, replays the journal since, and is where it was;
 *  - a commit or revert of parameters seals the open frame before the new set comes in.
 */
export class Station {
  readonly #machine: Machine;
  readonly #validator: Validator;
  readonly #desk: ParameterDesk;
  readonly #filter: Filter;
  readonly #builder: FrameBuilder;
  #tell: (event: EdgeEvent) => void = () => undefined;
  /** In force since the last seal. */
  #inForce: ParameterSet;
  #alarmSealed: AlarmSealed | null = null;
  /** The version that was in force in a damaged file, and could not be read. */
  #damaged: number | undefined;
  readonly nonce: string;

  constructor(
    machine: Machine,
    opened: Opened,
    options: { readonly sealReadings?: number },
    tell: (event: EdgeEvent) => void,
  ) {
    this.#machine = machine;
    this.nonce = sha256(`nonce ${opened.epoch}`).slice(0, 32);
    const state = opened.state === undefined ? undefined : (JSON.parse(opened.state) as StationState);
    const memory = opened.salvage?.memory;
    const remembered = memory == null ? NO_MEMORY : { ...(JSON.parse(memory) as DeskState), trial: null };
    this.#validator = new Validator(machine.definition);
    this.#desk = new ParameterDesk(machine, opened.slots, state?.desk ?? remembered);
    if (opened.salvage && !state && opened.slots.incumbent === undefined)
      this.#damaged = this.#desk.standIn(remembered);
    const { filter } = state
      ? Filter.resume(machine.definition, this.#desk.incumbent, state.builder.snapshot)
      : { filter: Filter.start(machine.definition, this.#desk.incumbent) };
    this.#filter = filter;
    this.#builder = this.#openBuilder(opened.epoch, options.sealReadings, state?.builder);
    if (state) this.#validator.restore(state.validator);
    this.#alarmSealed = state?.alarmSealed ?? null;
    for (const reading of opened.recent) this.#validator.recall(reading);
    this.#inForce = this.#desk.incumbent;
    for (const entry of opened.journal) this.record(entry);
    this.#tell = tell;
  }

  #openBuilder(
    epoch: string,
    sealReadings: number | undefined,
    state: BuilderState | undefined,
  ): FrameBuilder {
    const { definition, thing, instance } = this.#machine;
    const head = {
      thing,
      instance,
      epoch,
      twin: { id: definition.id, version: definition.version },
      filter: definitionDigest(definition),
    };
    const builder = new FrameBuilder(head, definition, sealReadings, {
      sequence: state?.sequence ?? 0,
      slices: state?.slices ?? { text: null, next: 0, due: true },
      set: this.#desk.incumbent.version,
      snapshot: this.#filter.snapshot(),
    });
    builder.demandCheckpoint();
    return builder;
  }

  knows = (signal: string): boolean => this.#validator.knows(signal);
  judge(sample: Sample, latestHonest: number): Judged {
    return this.#validator.judge(sample, latestHonest);
  }
  get desk(): ParameterDesk {
    return this.#desk;
  }
  get newest(): number | null {
    return this.#validator.newest;
  }
  get meanNis(): number | undefined {
    return this.#filter.meanNis;
  }
  get sequence(): number {
    return this.#builder.sequence;
  }
  get openReadings(): number {
    return this.#builder.openReadings;
  }
  /** SHA-256 of the observer's state now. */
  hash(): string {
    return sha256(this.#filter.snapshot());
  }

  /** What must be written, in order, for this entry to have happened. */
  record(entry: JournalEntry): Step[] {
    switch (entry.kind) {
      case "reading":
        return this.#reading(entry.reading, entry);
      case "refusal":
        this.#builder.record(entry.record);
        this.#desk.refuse(entry);
        this.#tell({
          name: "parameters.refused",
          version: entry.record.version,
          reason: entry.record.reason,
        });
        return [{ kind: "entry", entry, memory: this.#memory() }];
      case "gap":
        this.#builder.record(entry.record);
        this.#builder.demandCheckpoint();
        return [{ kind: "entry", entry }];
      case "told":
        this.#builder.record(entry.record);
        return [{ kind: "entry", entry }];
      case "trial":
        return this.#beginTrial(entry);
      case "hand":
        return this.#stepBack(entry.at);
      default:
        return entry satisfies never;
    }
  }

  #reading(reading: Reading, entry: JournalEntry): Step[] {
    const honest = reading.reason !== "clock";
    const newest = honest
      ? Math.max(this.#validator.newest ?? reading.at, reading.at)
      : (this.#validator.newest ?? reading.at);
    const steps = this.#builder.isOld(newest) ? this.#seal("age") : [];
    steps.push({ kind: "entry", entry });
    this.#builder.add(reading, newest);
    this.#validator.accept(reading);
    let alarmed: number | undefined;
    let ended: { verdict: Exclude<TrialVerdict, { kind: "continue" }>; at: number } | undefined;
    for (const row of this.#filter.observe(reading).rows) {
      for (const { chart, at, statistic } of row.alarms) {
        this.#builder.record({
          kind: "alarm",
          chart,
          at,
          statistic,
          set: this.#desk.incumbent.version,
          after: this.#builder.openReadings,
        });
        this.#tell({ name: "alarm.raised", chart, at, statistic });
        alarmed = at;
      }
      const verdict = this.#desk.row(row);
      if (verdict.kind !== "continue") ended ??= { verdict, at: row.at };
    }
    if (ended) steps.push(...this.#endTrial(ended.verdict.kind, ended.at, ended.verdict.reason));
    else if (alarmed !== undefined && this.#isNews(alarmed)) steps.push(...this.#sealAlarm(alarmed));
    else if (this.#builder.isFull()) steps.push(...this.#seal("size"));
    return steps;
  }

  /**
   * The first alarm under a set must reach the cloud at once; more of them, within the cool-down in which nobody would
   * act on them, travel with the frame that is open.
   */
  #isNews(at: number): boolean {
    const last = this.#alarmSealed;
    return (
      last === null ||
      last.set !== this.#desk.incumbent.version ||
      at - last.at >= this.#machine.definition.policy.coolDown
    );
  }

  #sealAlarm(at: number): Step[] {
    this.#alarmSealed = { set: this.#desk.incumbent.version, at };
    return this.#seal("alarm");
  }

  #beginTrial(entry: Extract<JournalEntry, { kind: "trial" }>): Step[] {
    const { at } = entry;
    const set = decodeParameterSet(entry.set);
    const steps = this.#desk.candidate
      ? this.#endTrial("revert", at, `superseded by version ${set.version}`)
      : [];
    this.#desk.begin(set, entry.kid, at);
    this.#decide("trial", set.version, `beside version ${this.#desk.incumbent.version}`, at);
    this.#tell({ name: "parameters.trial", version: set.version, incumbent: this.#desk.incumbent.version });
    steps.push({
      kind: "entry",
      entry,
      slots: this.#desk.slots().filter(({ name }) => name === "candidate"),
      memory: this.#memory(),
    });
    return steps;
  }

  #stepBack(at: number): Step[] {
    const reason = "by hand at the cabinet";
    if (this.#desk.candidate) return this.#endTrial("revert", at, reason);
    const left = this.#desk.stepBack(at, reason);
    if (!left) return [];
    this.#decide("reverted", left.version, reason, at);
    this.#tell({ name: "parameters.reverted", version: left.version, reason });
    return this.#seal("parameters");
  }

  #endTrial(kind: "commit" | "revert", at: number, reason: string): Step[] {
    const version = this.#desk.candidate?.version ?? 0;
    const replaced = this.#desk.incumbent.version;
    if (kind === "commit") {
      this.#desk.commit(at, reason);
      this.#decide("committed", version, reason, at);
      this.#tell({ name: "parameters.committed", version, replaced, reason });
    } else {
      this.#desk.revert(at, reason);
      this.#decide("reverted", version, reason, at);
      this.#tell({ name: "parameters.reverted", version, reason });
    }
    return this.#seal("parameters");
  }

  #decide(outcome: DecisionRecord["outcome"], version: number, reason: string, at: number): void {
    this.#builder.record({ kind: "decision", at, outcome, version, reason: reason.slice(0, 256) });
  }

  /** Seals the open frame; the set now in force at the desk comes in for the next one. */
  #seal(why: string): Step[] {
    const before = this.#inForce;
    const now = this.#desk.incumbent;
    if (now.version !== before.version) this.#filter.install(now);
    const frames = this.#builder.seal(this.#filter.snapshot(), now.version, (snapshot, readings) =>
      this.#filter.advance(before, snapshot, readings),
    );
    this.#inForce = now;
    this.#validator.sealed();
    for (const { sequence, readings, bytes } of frames)
      this.#tell({ name: "frame.sealed", sequence, readings, bytes: bytes.length, why });
    return [
      { kind: "seal", frames, state: this.#state(), slots: this.#desk.changes(), memory: this.#memory() },
    ];
  }

  #state(): string {
    const state: StationState = {
      validator: this.#validator.state(),
      builder: this.#builder.state(),
      desk: this.#desk.state(),
      alarmSealed: this.#alarmSealed,
    };
    return JSON.stringify(state);
  }

  /** Seals whatever is open; nothing when nothing is. */
  sealNow(): Step[] {
    return this.#builder.isEmpty ? [] : this.#seal("request");
  }

  /** The first steps into a new file: sets and memory that were salvaged from a damaged one, and which set was not. */
  moveIn(at: number): Step[] {
    const version = this.#damaged;
    if (version !== undefined) this.#desk.reportDamaged(version, at);
    const steps: Step[] = [
      { kind: "seal", frames: [], state: this.#state(), slots: this.#desk.slots(), memory: this.#memory() },
    ];
    if (version === undefined) return steps;
    this.#tell({ name: "parameters.reverted", version, reason: SLOT_DAMAGED });
    const record = { kind: "decision", at, outcome: "reverted", version, reason: SLOT_DAMAGED } as const;
    return [...steps, ...this.record({ kind: "told", record })];
  }

  #memory(): string {
    return JSON.stringify({ ...this.#desk.state(), trial: null });
  }
}

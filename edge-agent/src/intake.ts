import type { GapRecord } from "@plumbline/twin/contract/frame";
import type { Reading } from "@plumbline/twin/contract/reading";
import type { Clock } from "./clock.ts";
import type { Overflow } from "./config.ts";
import { type Counts, type Mark, noCounts } from "./counts.ts";
import type { EdgeEvent } from "./events.ts";
import type { GroupCommit, Work } from "./outbox/group-commit.ts";
import type { JournalEntry, OutboxStatus, Step } from "./outbox/outbox.ts";
import { parseReading } from "./source/parse-reading.ts";
import type { RawSample, Ticket } from "./source/source.ts";
import type { Station } from "./station.ts";

export interface IntakePort {
  readonly station: Station;
  readonly commit: Pick<GroupCommit<Mark>, "add">;
  readonly clock: Clock;
  readonly overflow: Overflow;
  /** Everything up to this ticket is durable, or can never get better. */
  acknowledge(ticket: Ticket): void;
  tell(event: EdgeEvent): void;
}

/**
 * A message's way to the disk: parsed, judged, recorded, committed, and only then acknowledged.
 * A duplicate is acknowledged with the commit that is under way: the reading it repeats may be in it.
 */
export class Intake {
  readonly #port: IntakePort;
  /** Grows as work is added; a mark carries a copy. */
  readonly #counts: Counts = noCounts();
  readonly #held: RawSample[] = [];
  #full = false;
  #lostOnTheWay = 0;

  constructor(port: IntakePort, status: OutboxStatus) {
    this.#port = port;
    this.#full = status.full;
  }

  get received(): number {
    return this.#counts.received;
  }

  sample(raw: RawSample): void {
    this.#counts.received++;
    // "refuse": what is not acknowledged stays with the plant's broker, which sends no more than its window.
    if (this.#full && this.#port.overflow === "refuse") this.#held.push(raw);
    else this.#take(raw);
  }

  #take(raw: RawSample): void {
    const { station, clock } = this.#port;
    const parsed = parseReading(raw, station.knows);
    if (parsed.kind === "rejected") {
      this.#reject(raw, parsed.reason);
      return;
    }
    const judged = station.judge(parsed.sample, clock.latestHonest());
    if (judged.kind === "reading") this.#keep(judged.reading, raw.ticket);
    else {
      this.#counts.duplicate++;
      this.#add({}, raw.ticket);
    }
  }

  #keep(reading: Reading, ticket: Ticket): void {
    const { signal, at, quality, reason } = reading;
    if (this.#full && this.#port.overflow === "drop-newest") {
      this.#counts.lost++;
      this.#lostOnTheWay++;
      this.#add({ lost: { signal, at } }, ticket, () => this.#lostOnTheWay--);
      return;
    }
    if (reason !== undefined) this.#port.tell({ name: "reading.marked", signal, at, quality, reason });
    this.#counts.committed++;
    this.#add({ steps: this.#port.station.record({ kind: "reading", reading }) }, ticket);
  }

  #reject({ topic, payload, ticket }: RawSample, reason: string): void {
    this.#counts.rejected++;
    this.#port.tell({ name: "source.rejected", topic, reason });
    this.#add(
      { rejected: { at: this.#port.clock.now(), topic, payload: new Uint8Array(payload), reason } },
      ticket,
    );
  }

  #add(work: Omit<Work<Mark>, "mark" | "onDisk">, ticket: Ticket, done?: () => void): void {
    this.#port.commit.add({
      ...work,
      mark: this.mark(),
      onDisk: () => {
        done?.();
        this.#port.acknowledge(ticket);
      },
    });
  }

  /** Something other than a reading happens, in its place among the readings. */
  record(entry: JournalEntry, clears?: "gaps" | "commands"): void {
    const steps = this.#port.station.record(entry);
    this.steps(clears === undefined ? steps : steps.map((step) => ({ ...step, clears })));
  }
  steps(steps: readonly Step[], onDisk?: () => void): void {
    this.#port.commit.add({ steps, mark: this.mark(), ...(onDisk === undefined ? {} : { onDisk }) });
  }

  /** After each commit: is there room, and are there losses that no frame tells of yet? */
  committed({ full, gaps }: OutboxStatus): void {
    this.#full = full;
    if (full) return;
    if (gaps.length > 0 && this.#lostOnTheWay === 0) this.#tellGaps(gaps);
    for (const raw of this.#held.splice(0)) this.#take(raw);
  }

  #tellGaps(gaps: readonly GapRecord[]): void {
    // Counted as on the way until the commit that clears them, so that they are told once.
    this.#lostOnTheWay++;
    const steps = gaps.flatMap((record) => this.#port.station.record({ kind: "gap", record }));
    this.steps(
      steps.map((step) => ({ ...step, clears: "gaps" })),
      () => this.#lostOnTheWay--,
    );
  }

  mark(): Mark {
    const { station } = this.#port;
    const { received: _received, ...counts } = this.#counts;
    return {
      counts,
      lastEventTime: station.newest,
      journal: station.openReadings,
      set: station.desk.incumbent.version,
      trial: station.desk.candidate?.version ?? null,
      held: station.desk.held?.version ?? null,
      highest: station.desk.highest,
      meanNis: station.meanNis ?? null,
    };
  }
}

import type { Reading } from "@plumbline/twin/contract/reading";
import type { EdgeEvent } from "../../../edge-agent/src/events.ts";
import { LocalOutbox } from "../../../edge-agent/src/outbox/local-outbox.ts";
import type { Batch, Opened, Step } from "../../../edge-agent/src/outbox/outbox.ts";
import type { OutboxLimits } from "../../../edge-agent/src/outbox/sqlite-outbox.ts";
import { Station } from "../../../edge-agent/src/station.ts";
import { IDENTITY_HORIZON } from "../../../edge-agent/src/validate/identities.ts";
import { lineRows, toReadings } from "../../bench/web-line-readings.ts";
import { machine } from "./agents.ts";

export const limits: OutboxLimits = {
  capBytes: 64 * 2 ** 20,
  overflow: "drop-oldest",
  identityHorizon: IDENTITY_HORIZON,
};
export const batchOf = (steps: readonly Step[]): Batch => ({ steps, rejected: [], lost: [] });

/** Readings of a healthy line, or of one whose bearings 3 and 9 carry `drag`. */
export const lineReadings = (
  rows: number,
  seed: number,
  drag: (row: number) => number = () => 0.0002,
): Reading[] => toReadings(lineRows(rows, drag, seed));

/** A station on its file, committing after each entry unless told to wait. */
export class Bench {
  readonly outbox: LocalOutbox;
  readonly events: EdgeEvent[] = [];
  station!: Station;
  opened!: Opened;
  #waiting: Step[] = [];

  private constructor(outbox: LocalOutbox) {
    this.outbox = outbox;
  }

  static async open(file: string, over: Partial<OutboxLimits> = {}): Promise<Bench> {
    const bench = new Bench(new LocalOutbox(file, { ...limits, ...over }));
    bench.opened = await bench.outbox.open();
    bench.station = new Station(machine, bench.opened, {}, (event) => void bench.events.push(event));
    return bench;
  }

  /** As the agent's intake does; returns what became of it. */
  feed(reading: Reading): "duplicate" | "kept" {
    const judged = this.station.judge(reading, Number.MAX_SAFE_INTEGER);
    if (judged.kind === "duplicate") return "duplicate";
    this.#waiting.push(...this.station.record({ kind: "reading", reading: judged.reading }));
    return "kept";
  }
  record(entry: Parameters<Station["record"]>[0]): void {
    this.#waiting.push(...this.station.record(entry));
  }
  seal(): void {
    this.#waiting.push(...this.station.sealNow());
  }
  /** What waits to be committed. */
  taken(): Step[] {
    return this.#waiting.splice(0);
  }
  async commit(): Promise<void> {
    await this.outbox.append(batchOf(this.taken()));
  }
}

import type { ScenarioClock } from "@plumbline/twin/contract/scenario-clock";
import { TwinError } from "@plumbline/twin/errors";
import type { Scenario } from "../scenario/scenario.ts";
import { publishRow, type Row, type RowSink } from "./publisher.ts";
import { trueDrags } from "./rows.ts";

const MILLIS_PER_DAY = 86_400_000;

export interface PlantParts {
  readonly scenario: Scenario;
  readonly rows: Iterator<Row, void>;
  /** Event time of each row. */
  readonly times: readonly number[];
  readonly boot: string;
  readonly sink: RowSink;
  /** Event time that the log has reached: rows that it holds whole are not published again. */
  readonly resumeAt: number;
}

export interface PublishedAnswer {
  readonly published: number;
  readonly t: number;
  readonly readings: number;
}

/** What the plant tells while it runs by the clock. */
export type PlantEvent =
  | {
      readonly event: "plant.day";
      readonly day: number;
      readonly row: number;
      readonly readings: number;
      readonly truth: Record<string, number>;
    }
  | {
      readonly event: "plant.finished";
      readonly rows: number;
      readonly readings: number;
      readonly truth: Record<string, number>;
    };

/** The rows of a scenario on their way out, each once, in order. */
export class Plant {
  readonly #parts: PlantParts;
  #next: Row | undefined;
  #readings = 0;

  constructor(parts: PlantParts) {
    this.#parts = parts;
    this.#next = this.#following();
    while (this.#next !== undefined && this.#isLogged(this.#next)) {
      parts.sink.moveFrontier(this.#next.t);
      this.#next = this.#following();
    }
  }

  /** The row to publish next; `undefined` after the last. */
  get next(): Row | undefined {
    return this.#next;
  }

  /**
   * Publishes one row on request. Asking again for a row that is out answers with no readings.
   * @throws {TwinError} ROW_ORDER for a row further on, NO_SUCH_ROW beyond the last.
   */
  async publish(index: number): Promise<PublishedAnswer> {
    const { times } = this.#parts;
    const t = times[index];
    if (t === undefined) {
      throw new TwinError(
        "NO_SUCH_ROW",
        `the scenario has no row ${JSON.stringify(index)}`,
        `ask for a row from 0 to ${times.length - 1}`,
      );
    }
    const row = this.#next;
    if (row === undefined || index < row.index) return { published: index, t, readings: 0 };
    if (index > row.index) {
      throw new TwinError(
        "ROW_ORDER",
        `row ${index} was asked for before row ${row.index}`,
        `ask for row ${row.index}: rows go out in order`,
      );
    }
    const readings = await publishRow(this.#parts.sink, this.#parts.boot, row);
    this.#readings += readings;
    this.#next = this.#following();
    return { published: index, t, readings };
  }

  /** Publishes every row when the clock reaches it, until the last one or until `signal` says stop. */
  async run(
    clock: ScenarioClock,
    wait: (untilWall: number) => Promise<boolean>,
    tell: (event: PlantEvent) => void,
  ): Promise<void> {
    const { origin } = this.#parts.scenario;
    for (let row = this.#next; row !== undefined; row = this.#next) {
      const due = clock.wallAnchor + (row.t - clock.origin) / clock.rate;
      if (!(await wait(due))) return;
      await this.publish(row.index);
      const day = (row.t - origin) / MILLIS_PER_DAY;
      const following: Row | undefined = this.#next;
      if (following !== undefined && Math.floor((following.t - origin) / MILLIS_PER_DAY) > Math.floor(day)) {
        tell({
          event: "plant.day",
          day: Math.floor(day) + 1,
          row: row.index,
          readings: this.#readings,
          truth: this.#truth(day),
        });
      }
    }
    tell({
      event: "plant.finished",
      rows: this.#parts.times.length,
      readings: this.#readings,
      truth: this.#truth(this.#parts.scenario.days),
    });
  }

  #following(): Row | undefined {
    return this.#parts.rows.next().value ?? undefined;
  }

  #isLogged({ t, readings }: Row): boolean {
    const { resumeAt, sink } = this.#parts;
    return t < resumeAt || (t === resumeAt && readings.every(({ signal }) => sink.log.has({ signal, t })));
  }

  #truth(day: number): Record<string, number> {
    return trueDrags(this.#parts.scenario, day);
  }
}

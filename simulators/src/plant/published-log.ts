import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { TwinError } from "@plumbline/twin/errors";

/** What the log keeps of a reading that the broker acknowledged. */
export interface PublishedReading {
  readonly signal: string;
  readonly t: number;
}

/**
 * The plant's account of what it published: one JSON line per acknowledged reading, in order of event time. Holds:
 *  - a reading is written after its PUBACK and before the frontier reaches it;
 *  - a line torn by a kill is cut off at the next start, and its reading published again under its old identity.
 */
export class PublishedLog {
  readonly #descriptor: number;
  readonly #lastSignals: Set<string>;
  #lastTime: number;
  #count: number;

  /** @throws {TwinError} BAD_PUBLISHED_LOG when a whole line is not such a reading. */
  constructor(file: string) {
    const { readings, bytes } = readPublishedLog(file);
    this.#count = readings.length;
    this.#lastTime = readings.at(-1)?.t ?? Number.NEGATIVE_INFINITY;
    this.#lastSignals = new Set(readings.filter(({ t }) => t === this.#lastTime).map(({ signal }) => signal));
    this.#descriptor = openSync(file, "a");
    ftruncateSync(this.#descriptor, bytes);
  }

  get count(): number {
    return this.#count;
  }

  /** Event time of the newest reading; −∞ for an empty log. */
  get lastTime(): number {
    return this.#lastTime;
  }

  has({ signal, t }: PublishedReading): boolean {
    return t < this.#lastTime || (t === this.#lastTime && this.#lastSignals.has(signal));
  }

  append(readings: readonly PublishedReading[]): void {
    if (readings.length === 0) return;
    writeSync(
      this.#descriptor,
      readings.map(({ signal, t }) => `${JSON.stringify({ signal, t })}\n`).join(""),
    );
    for (const { signal, t } of readings) {
      if (t !== this.#lastTime) this.#lastSignals.clear();
      this.#lastTime = t;
      this.#lastSignals.add(signal);
    }
    this.#count += readings.length;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** The whole lines of a log, and how many bytes they take. */
export function readPublishedLog(file: string): { readings: PublishedReading[]; bytes: number } {
  if (!existsSync(file)) return { readings: [], bytes: 0 };
  const text = readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const readings = whole
    .split("\n")
    .slice(0, -1)
    .map((line, index) => readLine(file, line, index + 1));
  return { readings, bytes: Buffer.byteLength(whole) };
}

function readLine(file: string, line: string, number: number): PublishedReading {
  try {
    const { signal, t } = JSON.parse(line) as Record<string, unknown>;
    if (typeof signal === "string" && typeof t === "number") return { signal, t };
  } catch {
    // told below with its place
  }
  const hint = "the file is not this plant's log: name another one, or remove it to begin the scenario anew";
  throw new TwinError(
    "BAD_PUBLISHED_LOG",
    `${file}, line ${number}: ${JSON.stringify(line.slice(0, 80))} is not a published reading`,
    hint,
  );
}

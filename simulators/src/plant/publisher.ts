import type { PublishedReading } from "./published-log.ts";
import { encodeReading, readingTopic } from "./reading-message.ts";

/** A reading as the line's sensors give it, with the source's own count. */
export interface SourceReading {
  readonly signal: string;
  readonly value: number;
  readonly count: number;
  readonly status?: string;
}

/** All readings of one instant. */
export interface Row {
  readonly index: number;
  /** Event time, ms since the Unix epoch. */
  readonly t: number;
  readonly readings: readonly SourceReading[];
}

/** Where rows go; `publish` resolves with the PUBACK. */
export interface RowSink {
  readonly publish: (topic: string, payload: string) => Promise<void>;
  readonly log: {
    readonly has: (reading: PublishedReading) => boolean;
    readonly append: (readings: readonly PublishedReading[]) => void;
  };
  readonly moveFrontier: (eventTime: number) => void;
}

/** Un-acknowledged publications at a time. */
const WINDOW = 200;

/**
 * Publishes what the log does not have of a row; when all is acknowledged, journals it and only then moves the frontier.
 * Answers how many readings were published now.
 */
export async function publishRow(
  { publish, log, moveFrontier }: RowSink,
  boot: string,
  { t, readings }: Row,
): Promise<number> {
  const missing = readings.filter(({ signal }) => !log.has({ signal, t }));
  for (let start = 0; start < missing.length; start += WINDOW) {
    const batch = missing.slice(start, start + WINDOW);
    await Promise.all(
      batch.map(({ signal, value, count, status }) => {
        const message = { t, v: value, n: count, boot };
        return publish(
          readingTopic(signal),
          encodeReading(status === undefined ? message : { ...message, q: status }),
        );
      }),
    );
    log.append(batch.map(({ signal }) => ({ signal, t })));
  }
  moveFrontier(t);
  return missing.length;
}

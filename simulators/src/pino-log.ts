import { pino } from "pino";

/** Something that happened, named `<process>.<what>`, with its values beside it. */
export interface LogEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/**
 * What a process says of itself, one JSON object per line on standard output.
 * info: as it should be · warn: unexpected, nothing lost · error: something lost, or a person is needed.
 */
export interface Log {
  readonly info: (event: LogEvent) => void;
  readonly warn: (event: LogEvent) => void;
  readonly error: (event: LogEvent) => void;
}

/** Writes synchronously: what was told before a kill is told. */
export function createLog(name: string): Log {
  const logger = pino({ base: { process: name } }, pino.destination({ dest: 1, sync: true }));
  return {
    info: (event) => logger.info(event),
    warn: (event) => logger.warn(event),
    error: (event) => logger.error(event),
  };
}

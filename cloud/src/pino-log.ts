import { destination, pino } from "pino";
import { type CloudEvent, levelOf } from "./events.ts";

export type Tell = (event: CloudEvent) => void;

/**
 * Events as JSON lines. Standard output belongs to a command's answer where it has one, so the stream is chosen.
 * Synchronous: a job that is killed has told what it did.
 */
export function createLog(name: string, stream: 1 | 2 = 1): Tell {
  const log = pino({ name, base: { name } }, destination({ fd: stream, sync: true }));
  return ({ name: event, ...members }) => {
    log[levelOf(event)]({ event, ...members });
  };
}

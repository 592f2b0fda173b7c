import { pino } from "pino";
import { type EdgeEvent, levelOf } from "./events.ts";

/** Takes what the program says of itself. */
export type Tell = (event: EdgeEvent) => void;

/** JSON lines to standard output, one per event. */
export function pinoLog(thing: string, level: string): Tell {
  const log = pino({
    level,
    base: { thing },
    messageKey: "message",
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  return ({ name, ...fields }) => log[levelOf(name)]({ event: name, ...fields });
}

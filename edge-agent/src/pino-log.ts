import { type DestinationStream, pino } from "pino";
import { type EdgeEvent, hintOf, levelOf } from "./events.ts";

/** Takes what the program says of itself. */
export type Tell = (event: EdgeEvent) => void;

/** JSON lines, one per event, with what to do about it; to standard output unless told otherwise. */
export function pinoLog(thing: string, level: string, stream?: DestinationStream): Tell {
  const options = {
    level,
    base: { thing },
    messageKey: "message",
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const log = stream === undefined ? pino(options) : pino(options, stream);
  return (event) => {
    const { name, ...fields } = event;
    const hint = hintOf(event);
    log[levelOf(name)]({ event: name, ...fields, ...(hint === undefined ? {} : { hint }) });
  };
}

import { FaultsError, TwinError } from "@plumbline/twin/errors";

/** sysexits.h: the call was wrong; the data are wrong. Neither gets better by trying again. */
const USAGE = 64;
const BAD_DATA = 65;

/** 1: it may work the next time. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof FaultsError || String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS"))
    return USAGE;
  return error instanceof TwinError && error.retry === "never" ? BAD_DATA : 1;
}

import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { TwinError } from "@plumbline/twin/errors";
import { exitCodeOf } from "../exit-code.ts";
import { createLog } from "../pino-log.ts";
import { runRecalibrations } from "./pipeline.ts";

/**
 * What AWS Batch starts: `node recalibrate/main.js --thing T --instance I [--estimate-only] [--history archive|sitewise] [--as-of MS]`,
 * or `--shards KEY` with AWS_BATCH_JOB_ARRAY_INDEX. Exit codes: 0 done or nothing to do; 64 arguments; 65 the data are
 * wrong (trying again would fail the same way); 1 anything else: try again.
 */
const tell = createLog("recalibrate");
try {
  const { values } = parseArgs({
    options: {
      thing: { type: "string" },
      instance: { type: "string" },
      shards: { type: "string" },
      history: { type: "string" },
      "as-of": { type: "string" },
      "estimate-only": { type: "boolean" },
    },
  });
  const { "estimate-only": estimateOnly, "as-of": asOf, ...flags } = values;
  const owner = `${hostname()}-${process.pid}`;
  await runRecalibrations(
    process.env,
    { ...flags, asOf, estimateOnly: String(estimateOnly === true) },
    owner,
    tell,
  );
} catch (error) {
  const { code, message } =
    error instanceof Error
      ? { code: "UNKNOWN", ...error, message: error.message }
      : { code: "UNKNOWN", message: String(error) };
  tell({
    name: "recalibrate.failed",
    thing: "",
    code: String(code),
    detail: error instanceof TwinError ? String(error) : message,
  });
  process.exitCode = exitCodeOf(error);
}

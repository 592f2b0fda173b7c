import { hostname } from "node:os";
import { TwinError } from "@plumbline/twin/errors";
import { Command } from "commander";
import { startIngest } from "./commands/ingest.ts";
import {
  describeTwin,
  runEvents,
  runFleet,
  runProvision,
  runPublicKey,
  twinSensors,
  validateTwin,
} from "./commands/operator.ts";
import { requestRecalibration, runPlanner } from "./commands/planner.ts";
import type { Flags } from "./config.ts";
import { exitCodeOf } from "./exit-code.ts";
import { toldSensors } from "./fleet/sensor-report.ts";
import { fleetTable } from "./fleet/table.ts";
import { createLog } from "./pino-log.ts";
import { runRecalibrations } from "./recalibrate/pipeline.ts";

const PROCESS = `${hostname()}-${process.pid}`;
const STDOUT = 1;
const STDERR = 2;

type Given = Record<string, string | boolean | undefined>;
/** Flags as text; a switch that is on is "true". */
const flagsOf = (given: Given): Flags =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value === undefined ? undefined : String(value)]),
  );
const print = (text: string): void => void process.stdout.write(text);
const printJson = (value: unknown): void => print(`${JSON.stringify(value)}\n`);

/** Resolves at the first signal that asks us to end. */
const asked = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });

const program = new Command("plumbline")
  .description("the cloud side of Plumbline")
  .showHelpAfterError()
  .addHelpText("after", "\nExit codes: 0 done, 1 failed (try again), 64 wrong usage, 65 wrong data")
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64));

/** A command with the options that all share, and an example. */
function command(line: string, about: string, example: string): Command {
  return program
    .command(line)
    .description(about)
    .option("--region <region>", "AWS region (AWS_REGION)")
    .option("--endpoint <url>", "one endpoint for all services (AWS_ENDPOINT_URL)")
    .option("--scenario-clock <file>", "clock of a scenario (PLUMBLINE_SCENARIO_CLOCK)")
    .addHelpText(
      "after",
      `\nExample:\n  plumbline ${example}\n\nExit codes: 0 done, 1 failed (try again), 64 wrong usage, 65 wrong data`,
    );
}
const withBucket = (subject: Command): Command =>
  subject.option("--bucket <name>", "archive bucket (PLUMBLINE_ARCHIVE_BUCKET)");
const withMachine = (subject: Command): Command =>
  subject
    .option("--thing <name>", "the gateway's thing (PLUMBLINE_THING)")
    .option("--instance <name>", "the twin's instance (PLUMBLINE_INSTANCE)");

withBucket(
  command(
    "ingest",
    "take frames from the broker into archive and SiteWise",
    "ingest --bucket plumbline --broker mqtt://127.0.0.1:1883 --username ingest --password-file ingest.pw",
  ),
)
  .option("--broker <url>", "the cloud's broker (PLUMBLINE_MQTT_URL)")
  .option("--username <name>", "user of role ingest (PLUMBLINE_MQTT_USERNAME)")
  .option("--password-file <file>", "file with its password (PLUMBLINE_MQTT_PASSWORD_FILE)")
  .option("--client-id <id>", "MQTT client id (PLUMBLINE_MQTT_CLIENT_ID)")
  .action(async (given: Given) => {
    const stop = asked();
    const ingest = await Promise.race([
      startIngest(process.env, flagsOf(given), PROCESS, createLog("ingest")),
      stop,
    ]);
    await stop;
    await ingest?.close();
    // The SDK's sockets and a broker that is away would keep the process alive.
    process.exit();
  });

const planner = withBucket(
  command(
    "planner",
    "decide whose parameters are due, and submit their recalibration",
    "planner --bucket plumbline --job-queue plumbline --job-definition recalibrate",
  ),
)
  .option("--job-queue <name>", "Batch queue (PLUMBLINE_JOB_QUEUE)")
  .option("--job-definition <name>", "Batch job definition (PLUMBLINE_JOB_DEFINITION)")
  .option("--jobs-at-once <n>", "recalibrations at once in the fleet (PLUMBLINE_JOBS_AT_ONCE)")
  .option("--every <ms>", "wall time between looks (PLUMBLINE_PLANNER_EVERY_MS)")
  .option("--stdio", 'lock-step: {"tick":true,"wait"?:true} per line in, one JSON line out')
  .action(async (given: Given) => {
    const stop = new AbortController();
    void asked().then(() => {
      stop.abort();
      if (given["stdio"] === true) process.exit();
    });
    const streams = given["stdio"] === true ? { input: process.stdin, output: process.stdout } : undefined;
    await runPlanner(
      process.env,
      flagsOf(given),
      createLog("planner", streams ? STDERR : STDOUT),
      stop.signal,
      streams,
    );
  });
planner.addCommand(
  withMachine(
    withBucket(new Command("request").description("ask for a recalibration at the planner's next look")),
  ).action(async (_given: Given, subject: Command) =>
    printJson(await requestRecalibration(process.env, flagsOf(subject.optsWithGlobals()))),
  ),
);

withMachine(
  withBucket(
    command(
      "recalibrate",
      "run one recalibration, as AWS Batch would",
      "recalibrate --bucket plumbline --thing line-7 --instance main --signing-key alias/plumbline-signing",
    ),
  ),
)
  .option("--signing-key <id>", "KMS key (PLUMBLINE_SIGNING_KEY)")
  .option("--history <source>", "archive or sitewise (PLUMBLINE_HISTORY)")
  .option("--as-of <ms>", "scenario time of the verdict (PLUMBLINE_AS_OF); default: now")
  .option("--shards <key>", "object with the shards of an array job (PLUMBLINE_SHARDS)")
  .option("--estimate-only", "move the posterior and store evidence; decide and publish nothing")
  .option("--json", "print the results as one JSON line")
  .action(async (given: Given) => {
    const results = await runRecalibrations(
      process.env,
      flagsOf(given),
      PROCESS,
      createLog("recalibrate", given["json"] === true ? STDERR : STDOUT),
    );
    if (given["json"] === true) printJson(results);
  });

withMachine(
  command(
    "provision",
    "create the asset model, asset and aliases of a twin",
    "provision --twin web-line --thing line-7 --instance main",
  ),
)
  .option("--twin <id>", "the twin (PLUMBLINE_TWIN)")
  .option(
    "--job-image <image>",
    "also register the Batch job definition with this image (PLUMBLINE_JOB_IMAGE)",
  )
  .option("--job-definition <name>", "its name (PLUMBLINE_JOB_DEFINITION)")
  .action(async (given: Given) => printJson(await runProvision(process.env, flagsOf(given))));

command(
  "public-key",
  "print the key that gateways pin, PEM",
  "public-key --signing-key alias/plumbline-signing",
)
  .option("--signing-key <id>", "KMS key (PLUMBLINE_SIGNING_KEY)")
  .option("--json", "with its key id, as one JSON line")
  .action(async (given: Given) => {
    const key = await runPublicKey(process.env, flagsOf(given));
    if (given["json"] === true) printJson(key);
    else print(key.pem);
  });

withBucket(
  command(
    "fleet",
    "every machine: last reading, backlog, set in force, last verdict and why, alarms",
    "fleet --bucket plumbline",
  ),
)
  .option("--json", "as one JSON line")
  .action(async (given: Given) => {
    const rows = await runFleet(process.env, flagsOf(given));
    if (given["json"] === true) printJson(rows);
    else print(fleetTable(rows));
  });

withMachine(
  withBucket(
    command(
      "events",
      "the story of one machine, a JSON line each: posterior, alarms, verdicts, what was in force",
      "events --thing line-7 --instance main --twin web-line",
    ),
  ),
)
  .option("--twin <id>", "the twin (PLUMBLINE_TWIN)")
  .option("--origin <ms>", "event time of day 0, ms since the Unix epoch")
  .action(async (given: Given) => {
    for (const entry of await runEvents(process.env, flagsOf(given))) printJson(entry);
  });

const twin = program.command("twin").description("validate or describe a twin definition");
twin
  .command("validate <id>")
  .description("tell every fault of a definition")
  .option("--json", "as one JSON line")
  .action((id: string, given: Given) => {
    const { digest } = validateTwin(id);
    if (given["json"] === true) printJson({ id, digest, faults: [] });
    else print(`${id} has no faults; digest ${digest}\n`);
  });
twin
  .command("describe <id>")
  .description("what a twin measures, estimates and infers")
  .option("--json", "as one JSON line")
  .action((id: string, given: Given) => {
    const description = validateTwin(id);
    if (given["json"] === true) printJson(description);
    else print(describeTwin(description));
  });

twin
  .command("observability <id>")
  .description(
    "the smallest change of each parameter that a day of readings shows, and the next sensor to buy",
  )
  .option("--sensors <ids>", "the signals that are read, comma-separated (default: all)")
  .option("--days <number>", "days of readings", "1")
  .option("--json", "as one JSON line")
  .addHelpText("after", "\nExample:\n  plumbline twin observability web-line --sensors w1,w2,w3\n")
  .action((id: string, given: Given) => {
    const report = twinSensors(id, given);
    if (given["json"] === true) printJson(report);
    else print(toldSensors(report));
  });

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(
    `${error instanceof TwinError ? String(error) : error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`,
  );
  process.exitCode = exitCodeOf(error);
}

import { BatchJobs } from "../aws/batch-jobs.ts";
import { IotData } from "../aws/iot-data.ts";
import { S3Objects } from "../aws/s3-objects.ts";
import type { Clock } from "../clock.ts";
import { cloudConfig, type Environment, type Flags, Settings } from "../config.ts";
import type { CloudEvent } from "../events.ts";
import { createLog } from "../pino-log.ts";
import { type Look, Planning } from "./planning.ts";

/** An array job has at most so many children. */
const MOST_JOBS = 10_000;
const DEFAULT_JOBS = 20;

/** The planner as configured, for the function and for the loop. */
export function configuredPlanning(
  environment: Environment,
  flags: Flags,
  tell: (event: CloudEvent) => void,
): { readonly planning: Planning; readonly clock: Clock } {
  const settings = new Settings(environment, flags);
  const { bucket, client, clock } = cloudConfig(settings);
  const queue = settings.text("jobQueue", "PLUMBLINE_JOB_QUEUE", "the name or ARN of the Batch job queue");
  const definition = settings.text(
    "jobDefinition",
    "PLUMBLINE_JOB_DEFINITION",
    "the name or ARN of the Batch job definition",
  );
  const cap = settings.whole("jobsAtOnce", "PLUMBLINE_JOBS_AT_ONCE", DEFAULT_JOBS, [1, MOST_JOBS]);
  settings.done();
  const planning = new Planning({
    objects: new S3Objects(bucket, client),
    jobs: new BatchJobs(queue, definition, client),
    link: new IotData(client),
    now: clock.now,
    tell,
    cap,
  });
  return { planning, clock };
}

let planning: Planning | undefined;

/** What the schedule calls: one look at the fleet. */
export async function handler(): Promise<Look> {
  // biome-ignore lint/style/noProcessEnv: a function has no main.ts; its environment is read here, once
  planning ??= configuredPlanning(process.env, {}, createLog("planner")).planning;
  return planning.look();
}

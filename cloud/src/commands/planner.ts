import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { S3Objects } from "../aws/s3-objects.ts";
import { cloudConfig, type Environment, type Flags, Settings, thingSetting } from "../config.ts";
import type { CloudEvent } from "../events.ts";
import type { ManualRequest } from "../recalibrate/fleet-view.ts";
import { configuredPlanning } from "../recalibrate/planner-handler.ts";
import { planEvery, planOnRequest } from "../recalibrate/planner-loop.ts";
import { putJson } from "../store/json-object.ts";
import { requestKey } from "../store/layout.ts";

/** Wall time between looks, ms: in production, and when the scenario runs fast. */
const EVERY = 60_000;
const EVERY_FAST = 250;
const LONGEST_EVERY = 3_600_000;

export interface PlannerStreams {
  readonly input: Readable;
  readonly output: Writable;
}

/** Looks at the fleet again and again, or (`stdio`) on request; ends when told to stop or when the input ends. */
export async function runPlanner(
  environment: Environment,
  flags: Flags,
  tell: (event: CloudEvent) => void,
  stop: AbortSignal,
  stdio?: PlannerStreams,
): Promise<void> {
  const { planning, clock } = configuredPlanning(environment, flags, tell);
  if (stdio) {
    await planOnRequest({ planning, sleep, tell }, stdio.input, stdio.output);
    return;
  }
  const settings = new Settings(environment, flags);
  const every = settings.whole("every", "PLUMBLINE_PLANNER_EVERY_MS", clock.rate > 1 ? EVERY_FAST : EVERY, [
    10,
    LONGEST_EVERY,
  ]);
  settings.done();
  const nap = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal: stop }).catch(() => undefined);
  await planEvery({ planning, sleep: nap, tell }, every, stop);
}

/** A person's wish: the planner takes it up at its next look. */
export async function requestRecalibration(
  environment: Environment,
  flags: Flags,
): Promise<{ readonly thing: string; readonly at: number }> {
  const settings = new Settings(environment, flags);
  const { bucket, client, clock } = cloudConfig(settings);
  const thing = thingSetting(settings);
  settings.done();
  const request: ManualRequest = { at: clock.now() };
  await putJson(new S3Objects(bucket, client), requestKey(thing), request);
  return { thing, ...request };
}

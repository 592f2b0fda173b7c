import { anything, type Check, integer, listOf, mapOf, oneOf, struct, text } from "../http/shape.ts";
import type { EnvironmentVariable, EvaluateOnExit, ResourceRequirement, RetryStrategy } from "./job-spec.ts";

/** Names: 1–128 letters, digits, `-` and `_`, the first a letter or digit. */
export const name: Check<string> = text({ min: 1, max: 128, pattern: /^[a-zA-Z0-9][a-zA-Z0-9_-]*$/ });
export const parameters: Check<Readonly<Record<string, string>>> = mapOf(text());
export const tags: Check<Readonly<Record<string, string>>> = mapOf(text({ max: 256 }), { min: 1, max: 50 });
export const command: Check<readonly string[]> = listOf(text());
export const environment: Check<readonly EnvironmentVariable[]> = listOf(
  struct({}, { name: text(), value: text() }),
);
export const resourceRequirements: Check<readonly ResourceRequirement[]> = listOf(
  struct({ value: text(), type: oneOf("GPU", "VCPU", "MEMORY") }, {}),
);

const glob = text({ min: 1, max: 512, pattern: /^[a-zA-Z0-9.:\s]*\*?$/ });
/** Exit codes have digits only. */
const exitGlob = text({ min: 1, max: 512, pattern: /^[0-9]*\*?$/ });
/** AWS takes the action in any case. */
const action: Check<EvaluateOnExit["action"]> = (value, at, faults) =>
  oneOf("RETRY", "EXIT")(typeof value === "string" ? value.toUpperCase() : value, at, faults);

export const retryStrategy: Check<RetryStrategy> = struct(
  {},
  {
    attempts: integer({ min: 1, max: 10 }),
    evaluateOnExit: listOf(
      struct({ action }, { onStatusReason: glob, onReason: glob, onExitCode: exitGlob }),
      { max: 5 },
    ),
  },
);

/** Batch's shortest time-out, seconds. */
const MIN_TIMEOUT = 60;
export const timeout: Check<{ readonly attemptDurationSeconds?: number }> = struct(
  {},
  { attemptDurationSeconds: integer({ min: MIN_TIMEOUT }) },
);

/** Kept and handed back, without effect on a child process: roles, logs, networks, volumes … */
const KEPT = [
  "jobRoleArn",
  "executionRoleArn",
  "volumes",
  "mountPoints",
  "readonlyRootFilesystem",
  "ulimits",
  "privileged",
  "user",
  "instanceType",
  "linuxParameters",
  "logConfiguration",
  "secrets",
  "networkConfiguration",
  "fargatePlatformConfiguration",
  "enableExecuteCommand",
  "ephemeralStorage",
  "runtimePlatform",
  "repositoryCredentials",
] as const;

export interface ContainerProperties {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: readonly EnvironmentVariable[];
  readonly resourceRequirements?: readonly ResourceRequirement[];
}

export const containerProperties: Check<ContainerProperties> = struct(
  { image: text({ min: 1 }) },
  { command, environment, resourceRequirements, ...Object.fromEntries(KEPT.map((each) => [each, anything])) },
);

/** Variables that begin so are Batch's own. */
export const reservedVariable = (variables: readonly EnvironmentVariable[]): string | undefined =>
  variables.find(({ name: given = "" }) => given.startsWith("AWS_BATCH"))?.name;

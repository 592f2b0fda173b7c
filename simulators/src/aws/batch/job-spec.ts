/** What a job is to do, settled when it is submitted: the definition with the request's overrides. */
export interface JobSpec {
  readonly image: string;
  /** With `Ref::name` already replaced. */
  readonly command: readonly string[];
  readonly environment: readonly EnvironmentVariable[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly retryStrategy: RetryStrategy;
  /** Seconds an attempt may run; undefined = as long as it likes. */
  readonly timeoutSeconds?: number;
  readonly resourceRequirements?: readonly ResourceRequirement[];
  readonly dependsOn: readonly string[];
}

export interface EnvironmentVariable {
  readonly name?: string;
  readonly value?: string;
}

export interface ResourceRequirement {
  readonly type: "GPU" | "VCPU" | "MEMORY";
  readonly value: string;
}

export interface RetryStrategy {
  readonly attempts?: number;
  readonly evaluateOnExit?: readonly EvaluateOnExit[];
}

export interface EvaluateOnExit {
  readonly onStatusReason?: string;
  readonly onReason?: string;
  readonly onExitCode?: string;
  readonly action: "RETRY" | "EXIT";
}

const REFERENCE = /^Ref::(.+)$/;

/** Replaces each `Ref::name` of a command by its parameter; one without a value stays as it stands. */
export const substitute = (
  command: readonly string[],
  parameters: Readonly<Record<string, string>>,
): string[] =>
  command.map((word) => {
    const name = REFERENCE.exec(word)?.[1];
    return name !== undefined && Object.hasOwn(parameters, name) ? (parameters[name] ?? word) : word;
  });

/** Later variables win over earlier ones of the same name. */
export function mergeEnvironment(
  base: readonly EnvironmentVariable[],
  overrides: readonly EnvironmentVariable[],
): EnvironmentVariable[] {
  const named = new Map([...base, ...overrides].map((each) => [each.name ?? "", each]));
  return [...named.values()];
}

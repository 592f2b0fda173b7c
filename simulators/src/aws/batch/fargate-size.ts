import type { ResourceRequirement } from "./job-spec.ts";

const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: (to - from) / step + 1 }, (_, index) => (from + index * step) * 1_024);

/** vCPUs → memory that Fargate offers with them, MiB. */
const FARGATE: Readonly<Record<string, readonly number[]>> = {
  "0.25": [512, 1_024, 2_048],
  "0.5": range(1, 4, 1),
  "1": range(2, 8, 1),
  "2": range(4, 16, 1),
  "4": range(8, 30, 1),
  "8": range(16, 60, 4),
  "16": range(32, 120, 8),
};

/** Why Fargate would not run a container of this size; `undefined` when it would. */
export function fargateFault(requirements: readonly ResourceRequirement[]): string | undefined {
  const of = (type: ResourceRequirement["type"]): string | undefined =>
    requirements.find((each) => each.type === type)?.value;
  const [cpus, memory] = [of("VCPU"), of("MEMORY")];
  if (cpus === undefined || memory === undefined)
    return "Fargate needs resourceRequirements of type VCPU and MEMORY";
  const offered = FARGATE[String(Number(cpus))];
  if (offered === undefined)
    return `Fargate VCPU value ${cpus} is invalid, it offers ${Object.keys(FARGATE).join(", ")}`;
  if (offered.includes(Number(memory))) return undefined;
  return `Fargate MEMORY value ${memory} is invalid for ${cpus} VCPU, it offers ${offered.join(", ")}`;
}

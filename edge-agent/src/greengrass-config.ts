import { Nucleus } from "./greengrass-ipc.ts";

const BRANCHES = [
  "twin",
  "thing",
  "instance",
  "stateDir",
  "source",
  "outbox",
  "uplink",
  "apply",
  "health",
] as const;

/** The component's configuration, branch by branch: a whole root may exceed what one message can carry. */
export async function greengrassConfiguration(): Promise<Record<string, unknown>> {
  const nucleus = await Nucleus.connect(() => undefined);
  try {
    const branches: [string, unknown][] = [];
    for (const branch of BRANCHES) branches.push([branch, await nucleus.configuration(branch)]);
    return Object.fromEntries(branches.filter(([, value]) => value !== undefined));
  } finally {
    await nucleus.close();
  }
}

import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { TwinError } from "@plumbline/twin/errors";
import type { CloudEvent } from "../events.ts";
import type { Look, Planning } from "./planning.ts";

export interface LoopPorts {
  readonly planning: Pick<Planning, "look">;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly tell: (event: CloudEvent) => void;
}

/** Wall time between looks while jobs are waited for, ms. */
const LOOK_AGAIN = 50;

/** Looks at the fleet every so often, until told to stop; a failed look is told, and the next one is made. */
export async function planEvery(
  { planning, sleep, tell }: LoopPorts,
  every: number,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    try {
      await planning.look();
    } catch (error) {
      tell({ name: "planner.failed", ...failure(error) });
    }
    await sleep(every);
  }
}

/**
 * Lock-step: one JSON line `{"tick":true}` in, one look, one JSON line out. With `"wait":true` the answer comes once every
 * job has ended, and tells what was submitted by this tick. A failed look answers `{"error":{code,detail}}`.
 */
export async function planOnRequest(ports: LoopPorts, input: Readable, output: Writable): Promise<void> {
  for await (const line of createInterface({ input })) {
    if (line.trim() === "") continue;
    output.write(`${JSON.stringify(await answer(ports, line))}\n`);
  }
}

async function answer(
  ports: LoopPorts,
  line: string,
): Promise<Look | { readonly error: { readonly code: string; readonly detail: string } }> {
  try {
    const request = JSON.parse(line) as { tick?: unknown; wait?: unknown };
    if (request.tick !== true)
      throw new TwinError(
        "BAD_REQUEST",
        `a line without "tick": ${line.slice(0, 60)}`,
        'send {"tick":true} or {"tick":true,"wait":true}',
      );
    const first = await ports.planning.look();
    if (request.wait !== true) return first;
    let last = first;
    while (last.running > 0) {
      await ports.sleep(LOOK_AGAIN);
      last = await ports.planning.look("settle");
    }
    return { ...last, submitted: first.submitted };
  } catch (error) {
    return { error: failure(error) };
  }
}

const failure = (error: unknown): { readonly code: string; readonly detail: string } => ({
  code: String((error as { code?: unknown }).code ?? (error as { name?: unknown }).name ?? "UNKNOWN"),
  detail: error instanceof Error ? error.message : String(error),
});

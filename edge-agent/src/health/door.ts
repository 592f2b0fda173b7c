import * as fs from "node:fs";
import * as path from "node:path";

/** Where the running agent listens: the commands at the cabinet find it by this file, whatever port it was given. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
}
const nameIn = (stateDir: string): string => path.join(stateDir, "health.json");

export function writeDoor(stateDir: string, door: Door): void {
  const next = `${nameIn(stateDir)}.next`;
  fs.writeFileSync(next, JSON.stringify(door));
  fs.renameSync(next, nameIn(stateDir));
}

export function readDoor(stateDir: string): Door | undefined {
  try {
    return JSON.parse(fs.readFileSync(nameIn(stateDir), "utf8")) as Door;
  } catch {
    return undefined;
  }
}

/** Asks the running agent; `undefined` when none answers. */
export async function knock(
  stateDir: string,
  token: string,
  method: "GET" | "POST",
  route: string,
): Promise<{ readonly status: number; readonly body: unknown } | undefined> {
  const door = readDoor(stateDir);
  if (!door) return undefined;
  try {
    const response = await fetch(`http://${door.host}:${door.port}${route}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(5_000),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return undefined;
  }
}

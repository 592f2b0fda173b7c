import { readFileSync } from "node:fs";

/** Does a process run? One that was killed and waits for its parent to notice (a zombie) does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    // No /proc on this system, or gone between the two looks: the next look tells.
    return true;
  }
}

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");

/**
 * The compiled form of a workspace's entry point, for tests that start a process. Compiling is incremental: after
 * `npm test` has built everything it only looks.
 */
export function builtEntry(workspace: string, entry: string): string {
  const compiler = path.join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [compiler, "-b", workspace], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const built = path.join(ROOT, workspace, "dist", entry);
  if (!existsSync(built)) throw new Error(`${built} was not built:\n${stdout}`);
  return built;
}

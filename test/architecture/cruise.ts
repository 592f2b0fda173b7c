import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const WORKSPACES: readonly string[] = ["twin", "edge-agent", "cloud", "simulators"];

interface Dependency {
  readonly module: string;
  readonly resolved: string;
}
export interface Cruise {
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly Dependency[] }[];
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

/** Runs the repository's own rules over a tree, in a process of its own because the cruiser reads the working folder. */
export function cruise(tree: string, folders: readonly string[]): Cruise {
  const cruiser = path.join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const config = path.join(ROOT, ".dependency-cruiser.cjs");
  const present = folders.filter((folder) => existsSync(path.join(tree, folder)));
  const args = [cruiser, "--config", config, "--output-type", "json", ...present];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: tree,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (stdout === "") throw new Error(`the cruiser printed nothing: ${stderr}`);
  return JSON.parse(stdout) as Cruise;
}

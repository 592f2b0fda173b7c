import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const ROOT = path.resolve(import.meta.dirname, "../../..");

/** A block of TypeScript in a page, with the heading above it. */
export interface Example {
  readonly heading: string;
  readonly code: string;
}

export function examplesIn(page: string): Example[] {
  const examples: Example[] = [];
  let heading = "";
  let code: string[] | undefined;
  for (const line of readFileSync(path.join(ROOT, page), "utf8").split("\n")) {
    if (code === undefined && line.startsWith("#")) heading = line.replace(/^#+ */, "");
    if (line.startsWith("```ts")) code = [];
    else if (line.startsWith("```") && code !== undefined) {
      examples.push({ heading, code: code.join("\n") });
      code = undefined;
    } else code?.push(line);
  }
  return examples;
}

/** What a block claims: `const name = …; // → value`, the comment on the last line of the statement. */
export function claimsOf({ code }: Example): { readonly name: string; readonly claimed: string }[] {
  const claims: { name: string; claimed: string }[] = [];
  let name = "";
  for (const line of code.split("\n")) {
    name = /^const (\w+)\b/.exec(line)?.[1] ?? name;
    const claimed = /\/\/ → (.+)$/.exec(line)?.[1];
    if (claimed !== undefined) claims.push({ name, claimed: claimed.trim() });
  }
  return claims;
}

/** Runs a block as a module of its own, from source; gives the constants that it makes claims about. */
export async function run(example: Example): Promise<Readonly<Record<string, unknown>>> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-example-"));
  try {
    const names = [...new Set(claimsOf(example).map(({ name }) => name))];
    const { outputFiles } = await build({
      stdin: { contents: `${example.code}\nexport { ${names.join(", ")} };`, resolveDir: ROOT, loader: "ts" },
      bundle: true,
      platform: "node",
      format: "esm",
      conditions: ["source"],
      write: false,
      logLevel: "silent",
    });
    const file = path.join(folder, "example.mjs");
    writeFileSync(file, outputFiles[0]!.text);
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether a value is the claimed one: numbers to the digits that are printed, the rest exactly. */
export function agrees(value: unknown, claimed: string): boolean {
  if (typeof value !== "number" || !/^-?\d/.test(claimed))
    return String(value) === claimed.replace(/^"(.*)"$/, "$1");
  const [mantissa = "", exponent = "0"] = claimed.replaceAll("_", "").toLowerCase().split("e");
  const decimals = mantissa.split(".")[1]?.length ?? 0;
  return (
    Math.abs(value - Number(claimed.replaceAll("_", ""))) <=
    0.5000001 * 10 ** (Number(exponent) - decimals) + 1e-15 * Math.abs(value)
  );
}

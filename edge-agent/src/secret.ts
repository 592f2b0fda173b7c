import * as fs from "node:fs";
import { TwinError } from "@plumbline/twin/errors";

/** A secret is the first line of a file. @throws {TwinError} NO_SECRET */
export function readSecret(file: string, what: string): string {
  let secret = "";
  try {
    secret = fs.readFileSync(file, "utf8").split("\n")[0]?.trim() ?? "";
  } catch (cause) {
    throw new TwinError(
      "NO_SECRET",
      `the ${what} cannot be read from ${file}`,
      "give a readable file that holds it in its first line",
      { cause },
    );
  }
  if (secret !== "") return secret;
  throw new TwinError("NO_SECRET", `${file} is empty`, `put the ${what} into its first line`);
}

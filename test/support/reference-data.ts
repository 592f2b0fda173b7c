import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "vitest";

const FOLDER = path.resolve(process.env["PLUMBLINE_TEST_DATA"] ?? "../shared/data");

/**
 * A suite over one file of the reference data; skipped, under a name that says so, where the folder is absent.
 * `tests` gets the parsed JSON (or the text of another kind of file).
 */
export function withReferenceData<T>(file: string, title: string, tests: (data: T) => void): void {
  const location = path.join(FOLDER, file);
  if (!existsSync(location)) {
    describe(title, () => test.skip(`needs the reference data: ${file}`, () => {}));
    return;
  }
  const text = readFileSync(location, "utf8");
  describe(title, () => tests((file.endsWith(".json") ? JSON.parse(text) : text) as T));
}

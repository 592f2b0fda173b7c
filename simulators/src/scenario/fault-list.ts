import { readFileSync } from "node:fs";
import { type Fault, FaultsError, TwinError } from "@plumbline/twin/errors";

/** Gathers what is wrong with something a person wrote, so that all of it is told at once. */
export class FaultList {
  readonly faults: Fault[] = [];

  /** Notes a fault unless `holds`; answers whether it holds, so that later checks may lean on it. */
  expect(holds: boolean, path: string, found: unknown, expected: string): boolean {
    if (!holds) this.faults.push({ path, found: told(found), expected });
    return holds;
  }

  number(value: unknown, path: string, expected: string, accepts: (value: number) => boolean): number {
    const holds = typeof value === "number" && Number.isFinite(value) && accepts(value);
    this.expect(holds, path, value, expected);
    return holds ? value : Number.NaN;
  }

  text(value: unknown, path: string, expected: string): string {
    const holds = typeof value === "string" && value.length > 0;
    this.expect(holds, path, value, expected);
    return holds ? value : "";
  }

  /** The object at `path`, or an empty one with the fault noted; keys outside `known` are faults too. */
  object(value: unknown, path: string, known: readonly string[]): Record<string, unknown> {
    const holds = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!this.expect(holds, path, value, "an object")) return {};
    const record = value as Record<string, unknown>;
    for (const key of Object.keys(record)) {
      this.expect(known.includes(key), `${path}.${key}`, "an unknown field", `one of ${known.join(", ")}`);
    }
    return record;
  }

  list(value: unknown, path: string): readonly unknown[] {
    return this.expect(Array.isArray(value), path, value, "a list") ? (value as unknown[]) : [];
  }

  /** @throws {FaultsError} with every fault noted. */
  throwIfAny(code: string, what: string, hint: string): void {
    if (this.faults.length > 0) throw new FaultsError(code, what, this.faults, hint);
  }
}

const told = (found: unknown): string =>
  found === "an unknown field" ? found : (JSON.stringify(found) ?? "nothing");

/**
 * The JSON in a file that a person wrote.
 * @throws {TwinError} BAD_FILE when it cannot be read or is not JSON.
 */
export function readJsonFile(file: string, what: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TwinError(
      "BAD_FILE",
      `${what} ${JSON.stringify(file)} cannot be read: ${reason}`,
      "check the path, and that the file is JSON",
      { cause },
    );
  }
}

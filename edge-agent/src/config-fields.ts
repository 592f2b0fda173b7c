import { type Fault, FaultsError } from "@plumbline/twin/errors";
import { nearestName } from "./nearest-name.ts";

/** A member that nothing reads; `nearest`: the known member beside it that was probably meant. */
export interface UnknownMember {
  readonly member: string;
  readonly nearest?: string;
}

/** What all members of one configuration collect together. */
interface Findings {
  readonly faults: Fault[];
  readonly read: Fields[];
}

/**
 * Reads a configuration member by member and collects every fault, so that nobody mends one only to meet the next.
 *
 * Unknown members are ignored (old code sees a newer version's configuration), but can be named; numbers and booleans may be text,
 * because a Greengrass nucleus may deliver them so; empty text is missing.
 */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #findings: Findings;
  readonly #known = new Set<string>();

  constructor(value: unknown, path = "", findings: Findings = { faults: [], read: [] }) {
    this.#path = path;
    this.#findings = findings;
    findings.read.push(this);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isObject && value !== undefined) this.fault("", value, "an object");
    this.#values = isObject ? (value as Record<string, unknown>) : {};
  }

  has(name: string): boolean {
    const value = this.#read(name);
    return value !== undefined;
  }

  inner(name: string): Fields {
    return new Fields(this.#read(name), this.#at(name), this.#findings);
  }

  text(
    name: string,
    expected: string,
    fallback?: string,
    holds: (text: string) => boolean = () => true,
  ): string {
    const value = this.#read(name) ?? fallback;
    if (typeof value === "string" && holds(value)) return value;
    this.fault(name, value, expected);
    return fallback ?? "";
  }

  optionalText(name: string, expected: string): string | undefined {
    return this.has(name) ? this.text(name, expected) : undefined;
  }

  word<T extends string>(name: string, words: readonly T[], fallback: T): T {
    const value = this.#read(name) ?? fallback;
    const found = words.find((word) => word === value);
    if (found === undefined) this.fault(name, value, `one of ${words.join(", ")}`);
    return found ?? fallback;
  }

  whole(name: string, low: number, high: number, fallback: number): number {
    const value = this.#read(name) ?? fallback;
    const number = typeof value === "string" ? Number(value) : value;
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= low && number <= high)
      return number;
    this.fault(name, value, `a whole number from ${low} to ${high} (default ${fallback})`);
    return fallback;
  }

  url(name: string, protocols: readonly string[], example: string): string {
    const value = this.#read(name);
    if (typeof value === "string" && URL.canParse(value) && protocols.includes(new URL(value).protocol))
      return value;
    this.fault(name, value, `a URL such as ${example}`);
    return example;
  }

  list(name: string, expected: string): readonly unknown[] {
    const value = this.#read(name) ?? [];
    if (Array.isArray(value)) return value;
    this.fault(name, value, expected);
    return [];
  }

  item(name: string, index: number, value: unknown): Fields {
    return new Fields(value, `${this.#at(name)}[${index}]`, this.#findings);
  }

  /** A member that may stand here though it is not read. */
  allow(name: string): void {
    this.#known.add(name);
  }

  /** Members, here and in inner members, that nothing has read so far. */
  unknown(): UnknownMember[] {
    return this.#findings.read.flatMap((fields) => fields.#unread());
  }
  #unread(): UnknownMember[] {
    const unread = Object.keys(this.#values).filter((name) => !this.#known.has(name));
    return unread.map((name) => {
      const nearest = nearestName(name, this.#known);
      return { member: this.#at(name), ...(nearest === undefined ? {} : { nearest }) };
    });
  }

  fault(name: string, found: unknown, expected: string): void {
    const shown = found === undefined ? "missing" : (JSON.stringify(found) ?? typeof found);
    this.#findings.faults.push({
      path: this.#at(name) || "(whole)",
      found: shown.length > 80 ? `${shown.slice(0, 77)}…` : shown,
      expected,
    });
  }

  /** @throws {FaultsError} BAD_CONFIG with every fault collected here and in inner members. */
  done(what: string): void {
    const { faults } = this.#findings;
    if (faults.length > 0) {
      throw new FaultsError(
        "BAD_CONFIG",
        what,
        faults,
        "mend every line above, then run: plumbline-agent doctor --config <file>",
      );
    }
  }

  #read(name: string): unknown {
    this.#known.add(name);
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    return value === "" || value === null ? undefined : value;
  }

  #at(name: string): string {
    if (this.#path === "") return name;
    return name === "" ? this.#path : `${this.#path}.${name}`;
  }
}

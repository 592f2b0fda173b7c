import { TwinError } from "../errors.ts";

/**
 * Small total decoders for untrusted JSON: each reads one shape or throws `BAD_MESSAGE` with the path of the fault.
 * A decoder never returns a partly valid value, and ignores members that it does not know.
 */
export type Decoder<T> = (value: unknown, path: string) => T;

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text);
/** In few words and bounded work: never the whole of a huge text, and never down into a deeply nested value. */
const describe = (value: unknown): string => {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null)
    return shorten(`an object of ${Object.keys(value).slice(0, 8).join(", ") || "nothing"}`);
  return shorten(typeof value === "string" ? JSON.stringify(value.slice(0, 64)) : String(value));
};
export const badMessage = (path: string, value: unknown, expected: string): TwinError =>
  new TwinError(
    "BAD_MESSAGE",
    `${path} is ${describe(value)}`,
    `expected ${expected}; check that sender and reader speak contract version 1`,
  );

export const text =
  (maxLength: number, pattern?: RegExp): Decoder<string> =>
  (value, path) => {
    if (
      typeof value === "string" &&
      value.length <= maxLength &&
      (pattern === undefined || pattern.test(value))
    )
      return value;
    throw badMessage(
      path,
      value,
      `text of at most ${maxLength} characters${pattern ? ` matching ${pattern.source}` : ""}`,
    );
  };
export const finite: Decoder<number> = (value, path) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw badMessage(path, value, "a finite number");
};
export const whole =
  (low: number, high: number = Number.MAX_SAFE_INTEGER): Decoder<number> =>
  (value, path) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= low && value <= high)
      return value;
    throw badMessage(path, value, `a whole number from ${low} to ${high}`);
  };
export const boolean: Decoder<boolean> = (value, path) => {
  if (typeof value === "boolean") return value;
  throw badMessage(path, value, "true or false");
};
export const oneOf =
  <T extends string>(words: readonly T[]): Decoder<T> =>
  (value, path) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw badMessage(path, value, `one of ${words.join(", ")}`);
  };
export const list =
  <T>(item: Decoder<T>, maxLength: number): Decoder<T[]> =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > maxLength)
      throw badMessage(path, value, `a list of at most ${maxLength} items`);
    return value.map((entry: unknown, index) => item(entry, `${path}[${index}]`));
  };
export const optional =
  <T>(decode: Decoder<T>): Decoder<T | undefined> =>
  (value, path) =>
    value === undefined || value === null ? undefined : decode(value, path);

/** An object read member by member. */
export class Members {
  readonly #object: Record<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw badMessage(path, value, "an object");
    this.#object = value as Record<string, unknown>;
    this.#path = path;
  }

  get<T>(name: string, decode: Decoder<T>): T {
    return decode(
      Object.hasOwn(this.#object, name) ? this.#object[name] : undefined,
      `${this.#path}.${name}`,
    );
  }

  /** A record with decoded values, of at most `maxSize` members. */
  record<T>(name: string, decode: Decoder<T>, maxSize: number): Record<string, T> {
    const inner = this.#object[name];
    if (typeof inner !== "object" || inner === null || Array.isArray(inner))
      throw badMessage(`${this.#path}.${name}`, inner, "an object");
    const entries = Object.entries(inner);
    if (entries.length > maxSize)
      throw badMessage(`${this.#path}.${name}`, entries.length, `an object of at most ${maxSize} members`);
    return Object.fromEntries(
      entries.map(([key, value]) => [key, decode(value, `${this.#path}.${name}.${key}`)]),
    );
  }
}

export const object =
  <T>(build: (members: Members) => T): Decoder<T> =>
  (value, path) =>
    build(new Members(value, path));

/** Parses a bounded JSON text; the fault of a text that is not JSON shows its beginning. */
export function parseJson(json: string, path: string, maxLength: number): unknown {
  if (json.length > maxLength)
    throw badMessage(path, `${json.length} characters`, `JSON of at most ${maxLength} characters`);
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw badMessage(path, json.slice(0, 40), "JSON");
  }
}

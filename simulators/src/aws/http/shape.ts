/**
 * Checks of request members, after AWS's service models: length, pattern, range, enum, required, unions.
 * A check appends what it finds to `faults`, so that a bad request is told whole; its result counts only when
 * none was added. Members the box does not know are refused: what is ignored in silence is not emulated.
 */
export type Check<T> = (value: unknown, at: string, faults: string[]) => T;
export type Checked<C> = C extends Check<infer T> ? T : never;

interface Length {
  readonly min?: number;
  readonly max?: number;
}

const failed = (at: string, faults: string[], constraint: string): never => {
  faults.push(`Value at '${at}' failed to satisfy constraint: ${constraint}`);
  // The caller throws as soon as `faults` is not empty: nobody reads this value.
  return undefined as never;
};

const lengthFault = (
  length: number,
  { min = 0, max = Number.POSITIVE_INFINITY }: Length,
): string | undefined => {
  if (length < min) return `Member must have length greater than or equal to ${min}`;
  return length > max ? `Member must have length less than or equal to ${max}` : undefined;
};

export const text =
  (limits: Length & { readonly pattern?: RegExp } = {}): Check<string> =>
  (value, at, faults) => {
    if (typeof value !== "string") return failed(at, faults, "Member must be a string");
    const fault = lengthFault(value.length, limits);
    if (fault !== undefined) return failed(at, faults, fault);
    if (limits.pattern !== undefined && !limits.pattern.test(value))
      return failed(at, faults, `Member must satisfy regular expression pattern: ${limits.pattern.source}`);
    return value;
  };

export const oneOf =
  <const T extends string>(...allowed: readonly T[]): Check<T> =>
  (value, at, faults) =>
    allowed.find((each) => each === value) ??
    failed(at, faults, `Member must satisfy enum value set: [${allowed.join(", ")}]`);

export const integer =
  ({ min = -(2 ** 31), max = 2 ** 31 - 1 }: Length = {}): Check<number> =>
  (value, at, faults) => {
    if (typeof value !== "number" || !Number.isInteger(value))
      return failed(at, faults, "Member must be an integer");
    if (value < min) return failed(at, faults, `Member must have value greater than or equal to ${min}`);
    return value > max ? failed(at, faults, `Member must have value less than or equal to ${max}`) : value;
  };

export const flag: Check<boolean> = (value, at, faults) =>
  typeof value === "boolean" ? value : failed(at, faults, "Member must be a boolean");

/** A JSON number, or one of the three words that AWS's JSON uses where JSON has none. */
export const double: Check<number> = (value, at, faults) => {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  return failed(at, faults, "Member must be a double");
};

export const listOf =
  <T>(item: Check<T>, limits: Length = {}): Check<readonly T[]> =>
  (value, at, faults) => {
    if (!Array.isArray(value)) return failed(at, faults, "Member must be a list");
    const fault = lengthFault(value.length, limits);
    if (fault !== undefined) return failed(at, faults, fault);
    return value.map((each, index) => item(each, `${at}.${index + 1}.member`, faults));
  };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const mapOf =
  <T>(item: Check<T>, limits: Length = {}): Check<Readonly<Record<string, T>>> =>
  (value, at, faults) => {
    if (!isObject(value)) return failed(at, faults, "Member must be a map");
    const fault = lengthFault(Object.keys(value).length, limits);
    if (fault !== undefined) return failed(at, faults, fault);
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, item(each, `${at}.${key}`, faults)]),
    );
  };

type Members = Readonly<Record<string, Check<unknown>>>;
type Struct<R extends Members, O extends Members> = { readonly [K in keyof R]: Checked<R[K]> } & {
  readonly [K in keyof O]?: Checked<O[K]>;
};

/** `null` counts as absent, as AWS's JSON protocols have it. */
export const struct =
  <R extends Members, O extends Members>(required: R, optional: O): Check<Struct<R, O>> =>
  (value, at, faults) => {
    if (!isObject(value)) return failed(at, faults, "Member must be a structure");
    const out: Record<string, unknown> = {};
    for (const [name, check] of Object.entries(required)) {
      const given = value[name];
      if (given === undefined || given === null) failed(inside(at, name), faults, "Member must not be null");
      else out[name] = check(given, inside(at, name), faults);
    }
    for (const [name, given] of Object.entries(value)) {
      if (given === undefined || given === null || Object.hasOwn(required, name)) continue;
      const check = Object.hasOwn(optional, name) ? optional[name] : undefined;
      if (check === undefined)
        failed(inside(at, name), faults, "Member is not emulated by the cloud in a box");
      else out[name] = check(given, inside(at, name), faults);
    }
    return out as Struct<R, O>;
  };

/** A structure of which exactly one member is set. */
export const union =
  <O extends Members>(members: O): Check<{ readonly [K in keyof O]?: Checked<O[K]> }> =>
  (value, at, faults) => {
    const found = struct({}, members)(value, at, faults);
    if (isObject(value) && Object.values(value).filter((each) => each !== null).length !== 1)
      failed(at, faults, "Exactly one member must be set");
    return found as { readonly [K in keyof O]?: Checked<O[K]> };
  };

const inside = (at: string, name: string): string => (at === "" ? name : `${at}.${name}`);

/** Anything at all, kept as it came: for documents that the box stores and hands back. */
export const anything: Check<unknown> = (value) => value;

/** Runs a check and tells the faults the way AWS does. */
export function checkedOr<T>(check: Check<T>, value: unknown, refuse: (message: string) => Error): T {
  const faults: string[] = [];
  const found = check(value, "", faults);
  if (faults.length === 0) return found;
  const count = `${faults.length} validation error${faults.length === 1 ? "" : "s"} detected`;
  throw refuse(`${count}: ${faults.slice(0, 20).join("; ")}`);
}

import { isInstanceName, isThingName } from "@plumbline/twin/contract/topics";
import { type Fault, FaultsError } from "@plumbline/twin/errors";
import type { ClientOptions } from "./aws/client-options.ts";
import { type Clock, scenarioClock, systemClock } from "./clock.ts";

/** Environment variables; flags win over them. */
export type Environment = Readonly<Record<string, string | undefined>>;
/** What was given on the command line, by option name. */
export type Flags = Readonly<Record<string, string | undefined>>;

/** Reads settings one by one and tells all that is wrong at once. */
export class Settings {
  readonly #environment: Environment;
  readonly #flags: Flags;
  readonly #faults: Fault[] = [];

  constructor(environment: Environment, flags: Flags) {
    this.#environment = environment;
    this.#flags = flags;
  }

  /** An empty value is a missing one. */
  optional(flag: string, variable: string): string | undefined {
    const given = this.#flags[flag];
    const found = given !== undefined && given !== "" ? given : this.#environment[variable];
    return found === "" ? undefined : found;
  }

  text(
    flag: string,
    variable: string,
    expected: string,
    holds: (value: string) => boolean = () => true,
  ): string {
    const found = this.optional(flag, variable);
    if (found !== undefined && holds(found)) return found;
    this.#faults.push({
      path: `--${dashed(flag)} or ${variable}`,
      found: found === undefined ? "nothing" : JSON.stringify(found),
      expected,
    });
    return "";
  }

  whole(flag: string, variable: string, fallback: number, [low, high]: readonly [number, number]): number {
    const found = this.optional(flag, variable);
    if (found === undefined) return fallback;
    const value = Number(found);
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    this.#faults.push({
      path: `--${dashed(flag)} or ${variable}`,
      found: JSON.stringify(found),
      expected: `a whole number from ${low} to ${high}`,
    });
    return fallback;
  }

  /** One of some words; the first when none is given. */
  choice<T extends string>(flag: string, variable: string, words: readonly [T, ...T[]]): T {
    const found = this.optional(flag, variable);
    const known = words.find((word) => word === (found ?? words[0]));
    if (known !== undefined) return known;
    this.#faults.push({
      path: `--${dashed(flag)} or ${variable}`,
      found: JSON.stringify(found),
      expected: `one of ${words.join(", ")}`,
    });
    return words[0];
  }

  /** @throws {FaultsError} with everything that was wrong. */
  done(): void {
    if (this.#faults.length === 0) return;
    throw new FaultsError(
      "BAD_CONFIGURATION",
      "the configuration",
      this.#faults,
      "mend every line above, then start again",
    );
  }
}

const dashed = (flag: string): string => flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export interface CloudConfig {
  readonly bucket: string;
  readonly client: ClientOptions;
  readonly clock: Clock;
}

const isUrl = (value: string): boolean => URL.canParse(value);

/** What every command needs; call `done` after the command's own settings. */
export function cloudConfig(settings: Settings): CloudConfig {
  const clock = settings.optional("scenarioClock", "PLUMBLINE_SCENARIO_CLOCK");
  return {
    bucket: settings.text(
      "bucket",
      "PLUMBLINE_ARCHIVE_BUCKET",
      "the name of the S3 bucket, such as plumbline-archive",
    ),
    client: clientOptions(settings),
    clock: clock === undefined ? systemClock : scenarioClock(clock),
  };
}

export function clientOptions(settings: Settings): ClientOptions {
  const endpoint = settings.optional("endpoint", "AWS_ENDPOINT_URL");
  // The SDK reads AWS_ENDPOINT_URL_S3 itself; here it only tells that there is no host name per bucket.
  const pathStyle = endpoint !== undefined || settings.optional("", "AWS_ENDPOINT_URL_S3") !== undefined;
  if (endpoint !== undefined)
    settings.text("endpoint", "AWS_ENDPOINT_URL", "a URL such as http://127.0.0.1:4566", isUrl);
  return {
    region: settings.text("region", "AWS_REGION", "an AWS region such as eu-central-1"),
    ...(endpoint === undefined ? {} : { endpoint }),
    pathStyle,
    disableHostPrefix: settings.optional("", "PLUMBLINE_SITEWISE_DISABLE_HOST_PREFIX") === "1",
  };
}

export const thingSetting = (settings: Settings): string =>
  settings.text("thing", "PLUMBLINE_THING", "a thing name of letters, digits, :, _ and -", isThingName);
export const instanceSetting = (settings: Settings): string =>
  settings.text(
    "instance",
    "PLUMBLINE_INSTANCE",
    "a twin instance of letters, digits, _ and -",
    isInstanceName,
  );

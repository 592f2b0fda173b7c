import { readFileSync } from "node:fs";
import type { Frame } from "@plumbline/twin/contract/frame";
import type { Reading } from "@plumbline/twin/contract/reading";

/** A golden file of contract version 1. JSON has no NaN: there it is written "NaN". */
export const golden = <T>(name: string): T => {
  const url = new URL(`../../fixtures/contract/v1/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8"), (_key, value) => (value === "NaN" ? Number.NaN : value)) as T;
};

export interface GoldenFrame {
  readonly resolutions: Readonly<Record<string, number>>;
  readonly frame: Frame;
  readonly hash: string;
  readonly chain: string;
  readonly hex: string;
}
export interface GoldenText<T> {
  readonly value: T;
  readonly text: string;
}

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A frame around readings, for tests that care about the readings alone. */
export const frameOf = (readings: readonly Reading[]): Frame => {
  const times = readings.map(({ at }) => at);
  return {
    thing: "gateway-7",
    instance: "line-1",
    epoch: "0123456789abcdef",
    sequence: 1,
    span: times.length === 0 ? [0, 0] : [Math.min(...times), Math.max(...times)],
    twin: { id: "web-line", version: "1.0.0" },
    filter: "a".repeat(64),
    set: 0,
    start: "b".repeat(64),
    readings,
    records: [],
  };
};

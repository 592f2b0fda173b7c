import { TwinError } from "../errors.ts";
import { deflate, fromUtf8, inflate, utf8 } from "./deflate.ts";
import type { Frame, FrameRecord } from "./frame.ts";
import { MAX_FRAME_BYTES } from "./frame.ts";
import { decodeColumns, fromColumns, toColumns } from "./frame-columns.ts";
import {
  badMessage,
  finite,
  list,
  Members,
  object,
  oneOf,
  optional,
  parseJson,
  text,
  whole,
} from "./json.ts";
import { sha256 } from "./sha256.ts";
import { CONTRACT_VERSION } from "./version.ts";

/**
 * A frame on the wire:
 *
 *     "PLF1" · first 8 bytes of SHA-256(epoch ‖ body) · epoch, 8 bytes · body,    body = raw DEFLATE of JSON
 *
 * Readings travel as columns. The epoch is random and stands outside the compressed part: so a frame's size, and with it
 * where frames end, is a function of the readings alone. The frame's identity in the ack chain is the SHA-256 of all its bytes.
 */
const MAGIC = utf8("PLF1");
const CHECKSUM_BYTES = 8;
const EPOCH_BYTES = 8;
const EPOCH_AT = MAGIC.length + CHECKSUM_BYTES;
const HEADER_BYTES = EPOCH_AT + EPOCH_BYTES;
/** Far above any honest frame (4,096 readings are about 40 kB of JSON), far below what could hurt. */
const MAX_INFLATED = 512 * 1024;

export function encodeFrame(frame: Frame, resolutionOf: (signal: string) => number): Uint8Array {
  const { readings, epoch, ...header } = frame;
  const body = deflate(
    utf8(JSON.stringify({ v: CONTRACT_VERSION, ...header, columns: toColumns(readings, resolutionOf) })),
  );
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  bytes.set(MAGIC, 0);
  bytes.set(fromHex(epoch, EPOCH_BYTES), EPOCH_AT);
  bytes.set(body, HEADER_BYTES);
  bytes.set(checksum(bytes), MAGIC.length);
  return bytes;
}

/**
 * Checks and reads a frame; nothing of it is used before its checksum holds.
 * @throws {TwinError} BAD_FRAME (damaged, too large, not a frame) or BAD_MESSAGE (a member is wrong).
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length > MAX_FRAME_BYTES)
    throw badFrame(`a frame of ${bytes.length} bytes`, `frames have at most ${MAX_FRAME_BYTES} bytes`);
  if (bytes.length <= HEADER_BYTES || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw badFrame(
      "bytes that do not begin as a frame",
      `frames begin with "PLF1": check what is published on this topic`,
    );
  }
  if (checksum(bytes).some((byte, index) => bytes[MAGIC.length + index] !== byte)) {
    throw badFrame(
      "a frame whose checksum does not match its body",
      "it was damaged on its way or at rest: quarantine it and ask for the original",
    );
  }
  const epoch = toHex(bytes.subarray(EPOCH_AT, HEADER_BYTES));
  const body = fromUtf8(inflate(bytes.subarray(HEADER_BYTES), MAX_INFLATED));
  return { epoch, ...readBody(parseJson(body, "frame", MAX_INFLATED)) };
}

/** SHA-256 of a frame's bytes. */
export const frameHash = (bytes: Uint8Array): string => sha256(bytes);
/** Hash of nothing: where an epoch's chain begins. */
export const CHAIN_START: string = "0".repeat(64);
/** Rolling hash of all frames up to and including one: R_n = SHA-256(R_{n−1} ‖ H_n), over hexadecimal text. */
export const chainHash = (before: string, hash: string): string => sha256(before + hash);

/** Over all that follows the checksum's own place. */
const checksum = (bytes: Uint8Array): Uint8Array => fromHex(sha256(bytes.subarray(EPOCH_AT)), CHECKSUM_BYTES);
const fromHex = (digits: string, size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const badFrame = (what: string, hint: string): TwinError =>
  new TwinError("BAD_FRAME", `refused ${what}`, hint);

function readBody(json: unknown): Omit<Frame, "epoch"> {
  const members = new Members(json, "frame");
  members.get("v", whole(CONTRACT_VERSION, CONTRACT_VERSION));
  const checkpoint = members.get(
    "checkpoint",
    optional(
      object((slice) => ({
        part: slice.get("part", whole(0, 255)),
        of: slice.get("of", whole(1, 256)),
        text: slice.get("text", text(8_192)),
      })),
    ),
  );
  return {
    thing: members.get("thing", text(128, /^[a-zA-Z0-9:_-]+$/)),
    instance: members.get("instance", text(32, /^[a-zA-Z0-9_-]+$/)),
    sequence: members.get("sequence", whole(1)),
    span: members.get("span", span),
    twin: members.get(
      "twin",
      object((twin) => ({ id: twin.get("id", text(32)), version: twin.get("version", text(32)) })),
    ),
    filter: members.get("filter", text(64)),
    set: members.get("set", whole(0)),
    start: members.get("start", text(64)),
    readings: members.get("columns", (value, path) => fromColumns(decodeColumns(value, path))),
    records: members.get("records", list(record, 256)),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  };
}

function span(value: unknown, path: string): [number, number] {
  const [from, to, ...rest] = list(finite, 2)(value, path);
  if (from === undefined || to === undefined || rest.length > 0 || from > to)
    throw badMessage(path, value, "[from, to] with from ≤ to");
  return [from, to];
}

function record(value: unknown, path: string): FrameRecord {
  const members = new Members(value, path);
  const kind = members.get("kind", oneOf(["alarm", "gap", "anchor", "decision"] as const));
  switch (kind) {
    case "alarm":
      return {
        kind,
        chart: members.get("chart", text(64)),
        at: members.get("at", finite),
        statistic: members.get("statistic", finite),
        set: members.get("set", whole(0)),
        after: members.get("after", whole(0)),
      };
    case "gap": {
      const signal = members.get("signal", optional(text(32)));
      return {
        kind,
        from: members.get("from", finite),
        to: members.get("to", finite),
        count: members.get("count", whole(0)),
        reason: members.get("reason", oneOf(["overflow", "corrupt", "silent", "refused"] as const)),
        ...(signal === undefined ? {} : { signal }),
      };
    }
    case "anchor":
      return {
        kind,
        boot: members.get("boot", text(64)),
        monotonic: members.get("monotonic", finite),
        utc: members.get("utc", finite),
        error: members.get("error", finite),
      };
    case "decision":
      return {
        kind,
        at: members.get("at", finite),
        outcome: members.get("outcome", oneOf(["trial", "committed", "refused", "reverted"] as const)),
        version: members.get("version", whole(0)),
        reason: members.get("reason", text(256)),
      };
    default:
      return kind satisfies never;
  }
}

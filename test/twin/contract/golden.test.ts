import { type Ack, decodeAck, encodeAck } from "@plumbline/twin/contract/ack";
import {
  CHAIN_START,
  chainHash,
  decodeFrame,
  encodeFrame,
  frameHash,
} from "@plumbline/twin/contract/frame-codec";
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat } from "@plumbline/twin/contract/heartbeat";
import { compactJws, signingInput, splitJws } from "@plumbline/twin/contract/jws";
import {
  decodeParameterSet,
  decodePointer,
  decodeReported,
  encodeParameterSet,
  type ParameterSet,
  type SetPointer,
  type ShadowReported,
} from "@plumbline/twin/contract/parameter-set";
import {
  cutIntoParts,
  decodePartRequest,
  encodePartRequest,
  type PartRequest,
} from "@plumbline/twin/contract/parts";
import { shadowName } from "@plumbline/twin/contract/topics";
import { describe, expect, test } from "vitest";
import { bytesOf, type GoldenFrame, type GoldenText, golden, hexOf } from "../support/fixtures.ts";
import { refusal } from "../support/refusals.ts";

interface Codec<T> {
  readonly name: string;
  readonly encode: (value: T) => string;
  readonly decode: (text: string) => T;
}
const CODECS: readonly Codec<unknown>[] = [
  { name: "ack", encode: (value) => encodeAck(value as Ack), decode: decodeAck },
  { name: "heartbeat", encode: (value) => encodeHeartbeat(value as Heartbeat), decode: decodeHeartbeat },
  {
    name: "parameter-set",
    encode: (value) => encodeParameterSet(value as ParameterSet),
    decode: decodeParameterSet,
  },
  {
    name: "part-request",
    encode: (value) => encodePartRequest(value as PartRequest),
    decode: decodePartRequest,
  },
];

describe.each(CODECS)("the $name of contract version 1", ({ name, encode, decode }) => {
  const { value, text } = golden<GoldenText<unknown>>(name);

  test("is encoded as the golden text", () => expect(encode(value)).toBe(text));
  test("is decoded to the golden value", () => expect(decode(text)).toEqual(value));
  test("carries the version, and another version or none is refused", () => {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    expect(parsed["v"]).toBe(1);
    for (const v of [0, 2, "1", null, undefined]) {
      expect(refusal(() => decode(JSON.stringify({ ...parsed, v }))).code).toBe("BAD_MESSAGE");
    }
  });
  test("is refused when any of its members is missing, unless the contract calls that member optional", () => {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    const accepted = Object.keys(parsed).filter((member) => {
      const { [member]: _, ...rest } = parsed;
      try {
        decode(JSON.stringify(rest));
        return true;
      } catch {
        return false;
      }
    });
    const optional = ["oldest", "meanNis", "nonce"].filter((member) => member in parsed);
    expect(accepted.sort()).toEqual(optional.sort());
  });
  test("may carry members that this version does not know", () => {
    expect(decode(JSON.stringify({ ...(JSON.parse(text) as object), fromTheFuture: 1 }))).toEqual(value);
  });
});

describe("a frame of contract version 1", () => {
  test.each(["frame-full", "frame-empty"])(
    "is encoded as, and decoded from, the golden bytes of %s",
    (name) => {
      const { frame, hash, hex, resolutions } = golden<GoldenFrame>(name);
      const bytes = encodeFrame(frame, (signal) => resolutions[signal] ?? Number.NaN);
      expect(hexOf(bytes)).toBe(hex);
      expect(decodeFrame(bytesOf(hex))).toEqual(frame);
      expect(frameHash(bytes)).toBe(hash);
    },
  );

  test("continues the chain: each link is the hash of the link before and the frame's own", () => {
    const first = golden<GoldenFrame>("frame-full");
    const second = golden<GoldenFrame>("frame-empty");
    expect(chainHash(CHAIN_START, first.hash)).toBe(first.chain);
    expect(chainHash(first.chain, second.hash)).toBe(second.chain);
    expect(chainHash(CHAIN_START, second.hash)).not.toBe(second.chain);
  });
});

describe("a published set on its way", () => {
  interface Parts {
    readonly jws: string;
    readonly kid: string;
    readonly signature: string;
    readonly version: number;
    readonly pointer: SetPointer;
    readonly partLengths: number[];
  }
  const given = golden<Parts>("parts");

  test("is cut into the golden parts, which joined again are the JWS", () => {
    const { pointer, parts } = cutIntoParts(given.jws, given.version);
    expect(pointer).toEqual(given.pointer);
    expect(parts.map(({ length }) => length)).toEqual(given.partLengths);
    expect(parts.join("")).toBe(given.jws);
  });
  test("is a JWS that splits into what was signed and joins to the same text", () => {
    const { kid, input, payload, signature } = splitJws(given.jws);
    expect(kid).toBe(given.kid);
    expect(hexOf(signature)).toBe(given.signature);
    expect(signingInput(kid, payload)).toBe(input);
    expect(compactJws(input, signature)).toBe(given.jws);
    expect(decodeParameterSet(payload).version).toBe(given.version);
  });
});

describe("the named shadow", () => {
  const given = golden<{ name: string; desired: SetPointer; reported: ShadowReported[] }>("shadow");

  test("has the golden name", () => expect(shadowName("line-1")).toBe(given.name));
  test("desires a pointer, never the set itself", () => {
    expect(decodePointer(given.desired, "desired")).toEqual(given.desired);
    expect(JSON.stringify(given.desired).length).toBeLessThan(1_000);
  });
  test.each(given.reported)("reports %j as it stands", (reported) => {
    expect(decodeReported(JSON.parse(JSON.stringify(reported)), "reported")).toEqual(reported);
  });
});

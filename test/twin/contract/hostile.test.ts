import { decodeAck } from "@plumbline/twin/contract/ack";
import { deflate, inflate } from "@plumbline/twin/contract/deflate";
import { MAX_FRAME_BYTES } from "@plumbline/twin/contract/frame";
import { decodeFrame } from "@plumbline/twin/contract/frame-codec";
import { decodeHeartbeat } from "@plumbline/twin/contract/heartbeat";
import { splitJws } from "@plumbline/twin/contract/jws";
import {
  decodeParameterSet,
  decodePointer,
  decodeReported,
  MAX_SET_BYTES,
} from "@plumbline/twin/contract/parameter-set";
import { decodePartRequest } from "@plumbline/twin/contract/parts";
import { sha256 } from "@plumbline/twin/contract/sha256";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameOf, type GoldenText, golden } from "../support/fixtures.ts";
import { forgeFrame, forgeJson } from "../support/forge.ts";
import { refusal } from "../support/refusals.ts";

const TEXTS: Readonly<Record<string, (text: string) => unknown>> = {
  ack: decodeAck,
  heartbeat: decodeHeartbeat,
  "parameter set": decodeParameterSet,
  "part request": decodePartRequest,
  pointer: (text) => decodePointer(JSON.parse(text), "desired"),
  report: (text) => decodeReported({ report: JSON.parse(text) as unknown }, "reported"),
};
const deep = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

describe("a hostile frame", () => {
  const { readings: _, epoch: _epoch, ...header } = frameOf([]);
  const honest = JSON.stringify({ v: 1, ...header, columns: JSON.parse(columnsOf({})) as unknown });

  /** Columns of one reading of 20 rad/s, with some members replaced. */
  function columnsOf(changed: object): string {
    const one = {
      signals: ["w1"],
      resolutions: [0.001],
      time: [1000],
      order: [0],
      values: [[20_000]],
      odd: [],
      wild: [],
      boots: [],
      counters: [],
    };
    return JSON.stringify({ ...one, ...changed });
  }
  const withColumns = (changed: object): Uint8Array =>
    forgeJson(
      JSON.stringify({
        ...(JSON.parse(honest) as object),
        columns: JSON.parse(columnsOf(changed)) as unknown,
      }),
    );

  test("may be forged by these tests as an honest one is made", () => {
    expect(decodeFrame(withColumns({})).readings).toEqual([
      { signal: "w1", at: 1000, value: 20, quality: "GOOD" },
    ]);
  });

  test("that inflates a thousandfold is refused without growing past the bound", () => {
    const bomb = deflate(new Uint8Array(3_500_000));
    expect(bomb.length).toBeLessThan(MAX_FRAME_BYTES - 12);
    expect(refusal(() => decodeFrame(forgeFrame(bomb))).code).toBe("BAD_FRAME");
    expect(refusal(() => inflate(bomb, 1_000)).code).toBe("BAD_FRAME");
  });

  test("nested two hundred thousand levels deep is refused", () => {
    expect(refusal(() => decodeFrame(forgeJson(deep(200_000)))).code).toBe("BAD_MESSAGE");
    expect(refusal(() => decodeFrame(forgeJson(`{"v":${deep(200_000)}}`))).code).toBe("BAD_MESSAGE");
  });

  test.each([
    ["a value that is no number and is called good", { values: [[]], wild: [[0, "twenty"]] }],
    ["an infinite value that is called good", { values: [[]], wild: [[0, "Infinity"]] }],
    ["a wild value of a reading that is not there", { wild: [[1, "1e30"]] }],
    ["a resolution of zero", { resolutions: [0] }],
    ["a negative resolution", { resolutions: [-1] }],
    ["fewer values than readings", { values: [[]] }],
    ["more values than readings", { values: [[20_000, 1]] }],
    ["readings of no signal", { signals: [], resolutions: [], values: [] }],
    ["a counter of a boot that is not there", { counters: [[0, 3, 7]] }],
    ["a mark on a reading that is not there", { odd: [[9, 1, 0]] }],
    ["an unknown quality", { odd: [[0, 3, 0]] }],
    ["an unknown reason", { odd: [[0, 1, 11]] }],
    [
      "times that add up beyond whole numbers",
      { time: [Number.MAX_SAFE_INTEGER, 10], order: [0, 0], values: [[1, 1]] },
    ],
    ["a fractional time", { time: [0.5] }],
    ["more signals than the bound", { signals: Array.from({ length: 257 }, (_, index) => `s${index}`) }],
    ["a signal called __proto__", { signals: ["__proto__"] }],
  ])("with %s is refused", (_name, changed) => {
    expect(refusal(() => decodeFrame(withColumns(changed))).code).toBe("BAD_MESSAGE");
  });

  test("of more readings than the bound is refused", () => {
    const many = {
      time: new Array(5_000).fill(0),
      order: new Array(5_000).fill(0),
      values: [new Array(5_000).fill(0)],
    };
    expect(refusal(() => decodeFrame(withColumns(many))).code).toBe("BAD_MESSAGE");
  });

  test("longer than 4,000 bytes is refused before anything is read, even if all else about it is right", () => {
    expect(refusal(() => decodeFrame(new Uint8Array(10_000_000))).code).toBe("BAD_FRAME");
    const body = JSON.parse(honest) as object;
    const padding = Array.from({ length: 200 }, (_, index) => sha256(String(index))).join("");
    const long = forgeJson(JSON.stringify({ ...body, padding }));
    expect(long.length).toBeGreaterThan(MAX_FRAME_BYTES);
    expect(refusal(() => decodeFrame(long)).message).toContain(`a frame of ${long.length} bytes`);
  });

  test("whose span runs backwards or has a third time is refused", () => {
    for (const span of [[2, 1], [1], [1, 2, 3]]) {
      const forged = forgeJson(JSON.stringify({ ...(JSON.parse(honest) as object), span }));
      expect(refusal(() => decodeFrame(forged)).code).toBe("BAD_MESSAGE");
    }
  });

  test("with a member of the wrong type is refused, whichever member it is", () => {
    const body = JSON.parse(honest) as Record<string, unknown>;
    const mayBeEmpty: Readonly<Record<string, unknown>> = { records: [], start: "", filter: "" };
    for (const member of Object.keys(body)) {
      for (const value of [null, true, -1.5, "", {}, [], [null], "é".repeat(9_000)]) {
        if (member in mayBeEmpty && JSON.stringify(mayBeEmpty[member]) === JSON.stringify(value)) continue;
        const forged = forgeJson(JSON.stringify({ ...body, [member]: value }));
        expect(refusal(() => decodeFrame(forged)).code, member).toBe("BAD_MESSAGE");
      }
    }
  });

  test("with prototype keys changes nothing but itself", () => {
    const poisoned = honest.replace(
      "{",
      `{"__proto__":{"sequence":7,"polluted":1},"constructor":{"prototype":{"polluted":1}},`,
    );
    expect(decodeFrame(forgeJson(poisoned)).sequence).toBe(1);
    const borrowed = JSON.parse(honest) as Record<string, unknown>;
    delete borrowed["sequence"];
    const inherited = JSON.stringify(borrowed).replace("{", `{"__proto__":{"sequence":7},`);
    expect(refusal(() => decodeFrame(forgeJson(inherited))).message).toContain("sequence is nothing");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("borrows no member from a prototype that somebody else has polluted", () => {
    const { sequence: _, ...without } = JSON.parse(honest) as Record<string, unknown>;
    Object.defineProperty(Object.prototype, "sequence", { value: 7, configurable: true });
    try {
      expect(refusal(() => decodeFrame(forgeJson(JSON.stringify(without)))).code).toBe("BAD_MESSAGE");
    } finally {
      Reflect.deleteProperty(Object.prototype, "sequence");
    }
  });
});

describe("a hostile text", () => {
  test.each(Object.keys(TEXTS))("as %s is refused: wrong types of every kind", (name) => {
    for (const json of ["1", '"x"', "[]", "{}", `{"v":1}`, '{"__proto__":{"v":1}}', deep(900)]) {
      expect(refusal(() => TEXTS[name]!(json)).code, json).toBe("BAD_MESSAGE");
    }
  });

  test.each(["ack", "heartbeat", "parameter set", "part request"])(
    "of ten megabytes as %s is refused before it is parsed, in few words",
    (name) => {
      const huge = `{"v":1,"thing":"${"x".repeat(10_000_000)}"}`;
      const { code, message } = refusal(() => TEXTS[name]!(huge));
      expect(code).toBe("BAD_MESSAGE");
      expect(message).toMatch(/is "100000\d\d characters"$/);
    },
  );

  test("deep inside a parameter set is refused within bounds", () => {
    const half = Math.floor(MAX_SET_BYTES / 2) - 20;
    expect(refusal(() => decodeParameterSet(`{"v":${deep(half)}}`)).code).toBe("BAD_MESSAGE");
  });

  test("as a JWS is refused, whatever is wrong with it", () => {
    const { jws } = golden<{ jws: string }>("parts");
    const [header, payload, signature] = jws.split(".") as [string, string, string];
    const headed = (value: object): string =>
      `${Buffer.from(JSON.stringify(value)).toString("base64url")}.${payload}.${signature}`;
    const kid = "key-1";
    const typ = "plumbline-parameters+jws";
    const refused = [
      "",
      "..",
      "a.b",
      `${jws}.x`,
      `${header}.${payload}.${signature.slice(0, 80)}`,
      `${header}.${payload}.${signature}AA`,
      `${header}.${payload}!.${signature}`,
      headed({ alg: "none", kid, typ }),
      headed({ alg: "HS256", kid, typ }),
      headed({ alg: "ES256", kid, typ: "JWT" }),
      headed({ alg: "ES256", typ }),
      headed([]),
      "x".repeat(10_000_000),
    ];
    for (const text of refused) {
      expect(["BAD_JWS", "BAD_MESSAGE"], text.slice(0, 80)).toContain(refusal(() => splitJws(text)).code);
    }
  });

  test("of any shape is refused or read, and throws nothing else", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(...Object.values(TEXTS)), (json, decode) => {
        expect([undefined, "BAD_MESSAGE"]).toContain(codeOf(() => decode(json)));
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  test("that replaces one member of a good message is refused or read, and throws nothing else", () => {
    const { text } = golden<GoldenText<object>>("parameter-set");
    const good = JSON.parse(text) as Record<string, unknown>;
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), fc.jsonValue({ maxDepth: 3 }), (member, value) => {
        const changed = JSON.stringify({ ...good, [member]: value });
        expect([undefined, "BAD_MESSAGE"]).toContain(codeOf(() => decodeParameterSet(changed)));
      }),
      { seed: 5, numRuns: 1_000 },
    );
  });
});

/** The code of the error that a call throws; nothing when it throws none, a word of no code when it is not ours. */
function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? "not ours";
  }
}

import { createHash } from "node:crypto";
import { canonicalJson } from "@plumbline/twin/contract/canonical-json";
import { sha256 } from "@plumbline/twin/contract/sha256";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

describe("canonical JSON", () => {
  test("sorts keys at every level and leaves lists in their order", () => {
    expect(canonicalJson({ b: [{ z: 1, y: 2 }, 3], a: { d: null, c: true } })).toBe(
      '{"a":{"c":true,"d":null},"b":[{"y":2,"z":1},3]}',
    );
  });

  test("writes −0 as 0, with digits and without", () => {
    expect(canonicalJson([-0, { a: -0 }])).toBe('[0,{"a":0}]');
    expect(canonicalJson([-0, -1e-320 * 1e-10], 12)).toBe("[0,0]");
  });

  test("keeps twelve significant digits when asked, not twelve decimals", () => {
    expect(canonicalJson([1 / 3, 123_456_789.123_456, 1e-20 / 3, -2 / 3], 12)).toBe(
      "[0.333333333333,123456789.123,3.33333333333e-21,-0.666666666667]",
    );
    expect(canonicalJson(0.1 + 0.2, 12)).toBe(canonicalJson(0.3, 12));
    expect(canonicalJson(1.000000000001, 12)).toBe(canonicalJson(1, 12));
    expect(canonicalJson(1.00000000001, 12)).not.toBe(canonicalJson(1, 12));
  });

  test("keeps every bit of a double when no digits are asked for", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(JSON.parse(canonicalJson(value))).toBe(value + 0);
      }),
      { seed: 7 },
    );
  });

  test("writes typed arrays as lists and what JSON has no word for as null", () => {
    expect(canonicalJson({ data: Float64Array.of(1, 2.5) })).toBe('{"data":[1,2.5]}');
    expect(canonicalJson([Number.NaN, Number.POSITIVE_INFINITY, undefined])).toBe("[null,null,null]");
  });

  test("is one text for equal values, in whatever order their keys were set", () => {
    const entries = fc.uniqueArray(fc.tuple(fc.string(), fc.jsonValue({ maxDepth: 2 })), {
      selector: ([key]) => key,
    });
    fc.assert(
      fc.property(entries, (pairs) => {
        expect(canonicalJson(Object.fromEntries(pairs))).toBe(
          canonicalJson(Object.fromEntries([...pairs].reverse())),
        );
      }),
      { seed: 8 },
    );
  });

  test("hashes as Node's own SHA-256 does, text as UTF-8", () => {
    for (const text of ["", "abc", "N·m·s/rad — 滚", "x".repeat(10_000)]) {
      expect(sha256(text)).toBe(createHash("sha256").update(text).digest("hex"));
    }
    expect(sha256(Uint8Array.of(0, 255))).toBe(
      createHash("sha256").update(Uint8Array.of(0, 255)).digest("hex"),
    );
  });
});

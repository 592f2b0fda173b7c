import { base64url, fromBase64url } from "@plumbline/twin/contract/jws";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

describe("base64url", () => {
  test("writes and reads any bytes as Node's Buffer does", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const encoded = base64url(bytes);
        expect(encoded).toBe(Buffer.from(bytes).toString("base64url"));
        expect(fromBase64url(encoded)).toEqual(bytes);
      }),
      { seed: 6 },
    );
  });

  test.each(["=", "QQ==", "a+b/", "a b", "Q", "QQQQQ", "é"])(
    "refuses %j: padding, another alphabet, a length that no bytes have",
    (text) => {
      expect(refusal(() => fromBase64url(text)).code).toBe("BAD_JWS");
    },
  );
});

import { createHash, createPublicKey, verify } from "node:crypto";
import {
  DescribeKeyCommand,
  GetPublicKeyCommand,
  SignCommand,
  type SignCommandInput,
  VerifyCommand,
  type VerifyCommandInput,
} from "@aws-sdk/client-kms";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorOf, openBox, type TestBox } from "./box-harness.ts";

let t: TestBox;
const KeyId = "alias/plumbline-signing";
const SigningAlgorithm = "ECDSA_SHA_256";
const message = Buffer.from("header.payload");
const digest = createHash("sha256").update(message).digest();
beforeAll(async () => {
  t = await openBox();
});
afterAll(async () => {
  expect(t.validations.kms.faults.filter((fault) => fault.includes(" answer: "))).toEqual([]);
  await t[Symbol.asyncDispose]();
});
const sign = async (more: Partial<SignCommandInput> = {}): Promise<Uint8Array> =>
  (await t.clients.kms.send(new SignCommand({ KeyId, Message: message, SigningAlgorithm, ...more })))
    .Signature ?? new Uint8Array();
const check = async (
  Signature: Uint8Array,
  more: Partial<VerifyCommandInput> = {},
): Promise<boolean | undefined> =>
  (
    await t.clients.kms.send(
      new VerifyCommand({ KeyId, Message: message, SigningAlgorithm, Signature, ...more }),
    )
  ).SignatureValid;

test("RAW and DIGEST sign the same thing: either verifies with OpenSSL and with the other's Verify", async () => {
  const { PublicKey, KeySpec, KeyUsage } = await t.clients.kms.send(new GetPublicKeyCommand({ KeyId }));
  expect([KeySpec, KeyUsage]).toEqual(["ECC_NIST_P256", "SIGN_VERIFY"]);
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: "der", type: "spki" });
  for (let round = 0; round < 8; round += 1) {
    const raw = await sign();
    const digested = await sign({ Message: digest, MessageType: "DIGEST" });
    for (const signature of [raw, digested]) {
      expect(verify("sha256", message, { key, dsaEncoding: "der" }, signature)).toBe(true);
      expect(await check(signature)).toBe(true);
      expect(await check(signature, { Message: digest, MessageType: "DIGEST" })).toBe(true);
    }
  }
});

test("a signature of something else, or a broken one, is an exception", async () => {
  const signature = await sign();
  expect(await errorOf(check(signature, { Message: Buffer.from("other") }))).toMatchObject({
    name: "KMSInvalidSignatureException",
    status: 400,
  });
  const other = createHash("sha256").update("other").digest();
  expect(await errorOf(check(signature, { Message: other, MessageType: "DIGEST" }))).toMatchObject({
    name: "KMSInvalidSignatureException",
  });
  expect(
    await errorOf(check(Buffer.from("not DER"), { Message: digest, MessageType: "DIGEST" })),
  ).toMatchObject({ name: "KMSInvalidSignatureException" });
});

test("the key is known by alias, id and ARN, and by nothing else", async () => {
  const { KeyMetadata } = await t.clients.kms.send(new DescribeKeyCommand({ KeyId }));
  const arn = KeyMetadata?.Arn ?? "";
  expect(arn).toContain("arn:aws:kms:eu-central-1:123456789012:key/");
  for (const id of [KeyMetadata?.KeyId, arn, "arn:aws:kms:eu-central-1:123456789012:alias/plumbline-signing"])
    expect((await t.clients.kms.send(new GetPublicKeyCommand({ KeyId: id }))).KeyId).toBe(arn);
  expect(await errorOf(sign({ KeyId: "alias/other" }))).toMatchObject({
    name: "NotFoundException",
    status: 400,
  });
});

test("a digest of another length, another algorithm, an empty or too long message are refused", async () => {
  expect(await errorOf(sign({ MessageType: "DIGEST" }))).toMatchObject({ name: "ValidationException" });
  expect(await errorOf(sign({ SigningAlgorithm: "ECDSA_SHA_384" }))).toMatchObject({
    name: "InvalidKeyUsageException",
  });
  expect(await errorOf(sign({ Message: Buffer.alloc(0) }))).toMatchObject({ name: "ValidationException" });
  expect((await sign({ Message: Buffer.alloc(4_096) })).length).toBeGreaterThan(60);
  expect(await errorOf(sign({ Message: Buffer.alloc(4_097) }))).toMatchObject({
    name: "ValidationException",
  });
});

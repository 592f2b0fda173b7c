import { createHash, sign, verify } from "node:crypto";
import { jsonRpcFault, wireSeconds } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import type { Answer, Call, Operation, Service } from "../http/service.ts";
import { ServiceFault } from "../http/service-fault.ts";
import { type Check, flag, listOf, oneOf, struct, text } from "../http/shape.ts";
import { signDigest, verifyDigest } from "./ecdsa-digest.ts";
import type { KeyTable, SigningKey } from "./sqlite-keys.ts";

const MAX_BODY = 64 * 1024;
const ALGORITHM = "ECDSA_SHA_256";
/** Bytes of a SHA-256. */
const DIGEST_BYTES = 32;

const invalid = (message: string): ServiceFault => new ServiceFault(400, "ValidationException", message);

const keyId = text({ min: 1, max: 2_048 });
const grantTokens = listOf(text({ min: 1, max: 8_192 }), { max: 10 });

/** A blob: base64 in JSON, its length counted in bytes. */
const blob =
  (max: number): Check<Buffer> =>
  (value, at, faults) => {
    const bytes =
      typeof value === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
        ? Buffer.from(value, "base64")
        : undefined;
    if (bytes !== undefined && bytes.length >= 1 && bytes.length <= max) return bytes;
    faults.push(`Value at '${at}' failed to satisfy constraint: Member must be base64 of 1 to ${max} bytes`);
    return Buffer.alloc(0);
  };

const message = blob(4_096);
/** The others are valid words of AWS's model, and wrong for an ES256 key: a different fault. */
const algorithm = oneOf(
  ALGORITHM,
  "ECDSA_SHA_384",
  "ECDSA_SHA_512",
  "RSASSA_PSS_SHA_256",
  "RSASSA_PKCS1_V1_5_SHA_256",
);
const signing = { KeyId: keyId, Message: message, SigningAlgorithm: algorithm };
const options = { MessageType: oneOf("RAW", "DIGEST"), GrantTokens: grantTokens, DryRun: flag };

const signRequest = struct(signing, options);
const verifyRequest = struct({ ...signing, Signature: blob(6_144) }, options);
const keyRequest = struct({ KeyId: keyId }, { GrantTokens: grantTokens });

/** KMS, as far as it is used: ES256 keys that sign and verify. */
export function kmsService(keys: KeyTable, account: string): Service {
  const on = (name: string, answer: (call: Call) => Record<string, unknown>): Operation => ({
    name,
    method: "POST",
    path: "/",
    target: `TrentService.${name}`,
    answer: (call) => rpc(answer(call)),
  });
  return {
    signingName: "kms",
    maxBodyBytes: MAX_BODY,
    escapesPath: true,
    fault: jsonRpcFault,
    operations: [
      on("Sign", (call) => signMessage(keys, call)),
      on("Verify", (call) => verifyMessage(keys, call)),
      on("GetPublicKey", (call) => publicKey(keys, call)),
      on("DescribeKey", (call) => describeKey(keys, call, account)),
    ],
  };
}

const rpc = (value: unknown): Answer => ({
  status: 200,
  headers: { "content-type": "application/x-amz-json-1.1" },
  body: JSON.stringify(value),
});

function keyOf(keys: KeyTable, id: string): SigningKey {
  const found = keys.find(id);
  if (found === undefined) throw new ServiceFault(400, "NotFoundException", `${id} is not found.`);
  return found;
}

/** RAW is hashed by KMS, DIGEST is taken as the hash. */
function refuseWrong(request: {
  readonly SigningAlgorithm: string;
  readonly MessageType?: "RAW" | "DIGEST";
  readonly Message: Buffer;
}): void {
  if (request.SigningAlgorithm !== ALGORITHM)
    throw new ServiceFault(
      400,
      "InvalidKeyUsageException",
      `${request.SigningAlgorithm} does not fit a key of ECC_NIST_P256`,
    );
  if (request.MessageType === "DIGEST" && request.Message.length !== DIGEST_BYTES)
    throw invalid(
      `Digest is invalid length for algorithm ${ALGORITHM}: ${request.Message.length} bytes, expected ${DIGEST_BYTES}`,
    );
}

function dryRun(request: { readonly DryRun?: boolean }): void {
  if (request.DryRun === true)
    throw new ServiceFault(
      412,
      "DryRunOperationException",
      "The request would have succeeded, but the DryRun parameter is set",
    );
}

function signMessage(keys: KeyTable, call: Call): Record<string, unknown> {
  const request = jsonBody(call, signRequest, invalid);
  const key = keyOf(keys, request.KeyId);
  refuseWrong(request);
  dryRun(request);
  const signature =
    request.MessageType === "DIGEST"
      ? signDigest(request.Message, key.privateKey)
      : sign("sha256", request.Message, { key: key.privateKey, dsaEncoding: "der" });
  return { KeyId: keys.arn(key), Signature: signature.toString("base64"), SigningAlgorithm: ALGORITHM };
}

function verifyMessage(keys: KeyTable, call: Call): Record<string, unknown> {
  const request = jsonBody(call, verifyRequest, invalid);
  const key = keyOf(keys, request.KeyId);
  refuseWrong(request);
  dryRun(request);
  const valid =
    request.MessageType === "DIGEST"
      ? verifyDigest(request.Message, key.publicKey, request.Signature)
      : verify("sha256", request.Message, { key: key.publicKey, dsaEncoding: "der" }, request.Signature);
  if (!valid)
    throw new ServiceFault(
      400,
      "KMSInvalidSignatureException",
      "The signature does not fit the message and key",
    );
  return { KeyId: keys.arn(key), SignatureValid: true, SigningAlgorithm: ALGORITHM };
}

const SPEC = {
  CustomerMasterKeySpec: "ECC_NIST_P256",
  KeySpec: "ECC_NIST_P256",
  KeyUsage: "SIGN_VERIFY",
  SigningAlgorithms: [ALGORITHM],
};

function publicKey(keys: KeyTable, call: Call): Record<string, unknown> {
  const key = keyOf(keys, jsonBody(call, keyRequest, invalid).KeyId);
  const spki = key.publicKey.export({ format: "der", type: "spki" });
  return { KeyId: keys.arn(key), PublicKey: spki.toString("base64"), ...SPEC };
}

function describeKey(keys: KeyTable, call: Call, account: string): Record<string, unknown> {
  const key = keyOf(keys, jsonBody(call, keyRequest, invalid).KeyId);
  const description = `Key of ${key.alias} in the cloud in a box, fingerprint ${fingerprint(key)}`;
  return {
    KeyMetadata: {
      AWSAccountId: account,
      KeyId: key.keyId,
      Arn: keys.arn(key),
      CreationDate: wireSeconds(key.created),
      Enabled: true,
      Description: description,
      KeyState: "Enabled",
      Origin: "AWS_KMS",
      KeyManager: "CUSTOMER",
      MultiRegion: false,
      ...SPEC,
    },
  };
}

const fingerprint = ({ publicKey: key }: SigningKey): string =>
  createHash("sha256")
    .update(key.export({ format: "der", type: "spki" }))
    .digest("hex")
    .slice(0, 16);

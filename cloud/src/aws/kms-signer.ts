import { createHash } from "node:crypto";
import { GetPublicKeyCommand, KMSClient, SignCommand } from "@aws-sdk/client-kms";
import { TwinError } from "@plumbline/twin/errors";
import { type ClientOptions, clientConfig } from "./client-options.ts";
import { joinedSignature } from "./der-signature.ts";

/** Signs with a key that never leaves its keeper. */
export interface Signer {
  /** The `kid` that gateways pin. */
  readonly keyId: string;
  /** ES256: r ‖ s, 64 bytes, over SHA-256(input). */
  sign(input: string): Promise<Uint8Array>;
  /** The public key, PEM (SPKI). */
  publicKey(): Promise<string>;
}

export class KmsSigner implements Signer {
  readonly keyId: string;
  readonly #client: KMSClient;

  constructor(keyId: string, options: ClientOptions) {
    this.keyId = keyId;
    this.#client = new KMSClient(clientConfig(options));
  }

  async sign(input: string): Promise<Uint8Array> {
    // The digest, not the text: KMS takes at most 4,096 bytes of message.
    const { Signature } = await this.#client.send(
      new SignCommand({
        KeyId: this.keyId,
        Message: createHash("sha256").update(input).digest(),
        MessageType: "DIGEST",
        SigningAlgorithm: "ECDSA_SHA_256",
      }),
    );
    if (Signature) return joinedSignature(Signature);
    throw this.#silent("a signature");
  }

  async publicKey(): Promise<string> {
    const { PublicKey } = await this.#client.send(new GetPublicKeyCommand({ KeyId: this.keyId }));
    if (!PublicKey) throw this.#silent("a public key");
    const lines =
      Buffer.from(PublicKey)
        .toString("base64")
        .match(/.{1,64}/g) ?? [];
    return `-----BEGIN PUBLIC KEY-----\n${lines.join("\n")}\n-----END PUBLIC KEY-----\n`;
  }

  #silent(what: string): TwinError {
    return new TwinError(
      "BAD_ANSWER",
      `KMS gave no ${what.replace(/^a /, "")} for key ${this.keyId}`,
      "check the key's state and usage",
      { retry: "later" },
    );
  }
}

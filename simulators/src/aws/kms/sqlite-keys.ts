import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from "node:crypto";
import type { Statement, Store } from "../sqlite-store.ts";

export interface SigningKey {
  readonly keyId: string;
  readonly alias: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Wall clock, ms. */
  readonly created: number;
}

interface Row {
  readonly alias: string;
  readonly key_id: string;
  readonly private_key: Buffer;
  readonly created_at: number;
}

/** The box's ES256 keys, one for each alias, made at the first start and kept. */
export class KeyTable {
  private readonly keys: readonly SigningKey[];
  private readonly arnPrefix: string;

  constructor(store: Store, aliases: readonly string[], arnPrefix: string, wall: () => number) {
    const find: Statement<[string], Row> = store.prepare("SELECT * FROM signing_key WHERE alias = ?");
    const insert: Statement<[string, string, Buffer, number], unknown> = store.prepare(
      "INSERT INTO signing_key VALUES (?, ?, ?, ?)",
    );
    this.arnPrefix = arnPrefix;
    this.keys = aliases.map((alias) => {
      if (find.get(alias) === undefined) insert.run(alias, randomUUID(), newKey(), wall());
      return keyOf(find.get(alias));
    });
  }

  /** By key id, key ARN, alias name or alias ARN, as KMS takes them. */
  find(keyId: string): SigningKey | undefined {
    return this.keys.find((key) =>
      [key.keyId, this.arn(key), key.alias, `${this.arnPrefix}${key.alias}`].includes(keyId),
    );
  }

  arn({ keyId }: SigningKey): string {
    return `${this.arnPrefix}key/${keyId}`;
  }
}

const newKey = (): Buffer =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "der", type: "pkcs8" });

function keyOf(row: Row | undefined): SigningKey {
  if (row === undefined) throw new Error("a signing key was inserted and is not there");
  const privateKey = createPrivateKey({ key: row.private_key, format: "der", type: "pkcs8" });
  const { alias, key_id: keyId, created_at: created } = row;
  return { keyId, alias, privateKey, publicKey: createPublicKey(privateKey), created };
}

import { createHash } from "node:crypto";
import type { Statement, Store } from "../sqlite-store.ts";
import { conflicting } from "./faults.ts";

/** Remembers what was answered to a `clientToken`: the same request again gets the same answer and does nothing. */
export class TokenTable {
  private readonly find: Statement<[string, string], { request: string; response: string }>;
  private readonly insert: Statement<[string, string, string, string], unknown>;

  constructor(store: Store) {
    this.find = store.prepare("SELECT request, response FROM client_token WHERE operation = ? AND token = ?");
    this.insert = store.prepare("INSERT INTO client_token VALUES (?, ?, ?, ?)");
  }

  /**
   * Runs `act` once per token. Call it inside the transaction that `act` writes in.
   * @throws {ServiceFault} ConflictingOperationException when the token was used for another request.
   */
  once<T>(operation: string, token: string | undefined, request: object, act: () => T): T {
    if (token === undefined) return act();
    const digest = createHash("sha256").update(JSON.stringify(request)).digest("hex");
    const known = this.find.get(operation, token);
    if (known === undefined) {
      const response = act();
      this.insert.run(operation, token, digest, JSON.stringify(response ?? null));
      return response;
    }
    if (known.request === digest) return JSON.parse(known.response) as T;
    throw conflicting(
      `The client token ${token} was used for another ${operation}`,
      token,
      `clientToken/${token}`,
    );
  }
}

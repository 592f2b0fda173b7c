import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { TwinError } from "@plumbline/twin/errors";
import Database from "better-sqlite3";
import { SCHEMA, SCHEMA_VERSION } from "./sqlite-schema.ts";

/** What the rest of the box knows of SQLite: statements, and transactions around them. */
export type Store = Database.Database;
export type Statement<Parameters extends unknown[], Row> = Database.Statement<Parameters, Row>;

/**
 * Opens the box's one file. Holds: what was answered survives SIGKILL (WAL: a commit is in the kernel's hands;
 * `synchronous=NORMAL` may lose the last commits to a power cut, which a box on a desk may).
 */
export function openStore(path: string): Store {
  mkdirSync(dirname(path), { recursive: true });
  const store = new Database(path);
  store.pragma("journal_mode = WAL");
  store.pragma("synchronous = NORMAL");
  store.pragma("foreign_keys = ON");
  const version = store.pragma("user_version", { simple: true });
  if (version === 0) store.transaction(() => create(store))();
  else if (version !== SCHEMA_VERSION) {
    store.close();
    const hint = `remove ${path} to begin anew, or start the version of the box that made it`;
    throw new TwinError(
      "BOX_SCHEMA",
      `${path} has schema ${String(version)}, this box knows ${SCHEMA_VERSION}`,
      hint,
    );
  }
  return store;
}

function create(store: Store): void {
  store.exec(SCHEMA);
  store.pragma(`user_version = ${SCHEMA_VERSION}`);
}

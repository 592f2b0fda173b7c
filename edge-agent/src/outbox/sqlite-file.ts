import * as fs from "node:fs";
import * as path from "node:path";
import { TwinError } from "@plumbline/twin/errors";
import Sqlite from "better-sqlite3";

/** The one file that knows better-sqlite3: opening, pragmas, migrations, the writer's lock, and what its errors mean. */
export type SqliteFile = Sqlite.Database;
export type SqliteStatement = Sqlite.Statement<unknown[]>;

/** "PLBL": `file` and other tools recognise an outbox by it. */
const APPLICATION_ID = 0x504c424c;
const FULL = 2;
const PAGE = 4_096;

/** `user_version` n is reached by the first n migrations. A migration is never edited, only followed by another. */
const MIGRATIONS = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE state (generation INTEGER PRIMARY KEY CHECK (generation IN (0, 1)), sequence INTEGER NOT NULL, body TEXT NOT NULL, checksum TEXT NOT NULL);
   CREATE TABLE journal (first INTEGER PRIMARY KEY, entries INTEGER NOT NULL, body TEXT NOT NULL, checksum TEXT NOT NULL);
   CREATE TABLE frames (sequence INTEGER PRIMARY KEY, readings INTEGER NOT NULL, before INTEGER NOT NULL, from_at REAL NOT NULL, to_at REAL NOT NULL,
     hash TEXT NOT NULL, chain TEXT, dropped INTEGER NOT NULL DEFAULT 0, bytes BLOB NOT NULL);
   CREATE TABLE slots (name TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE rejected (id INTEGER PRIMARY KEY, at REAL NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL, reason TEXT NOT NULL);
   CREATE TABLE gaps (signal TEXT PRIMARY KEY, from_at REAL NOT NULL, to_at REAL NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE commands (id INTEGER PRIMARY KEY, action TEXT NOT NULL);`,
] as const;

/**
 * Opens (or makes) an outbox for writing. `synchronous=FULL` is set on every open and asserted after the first write:
 * better-sqlite3 is compiled so that WAL means NORMAL, and that shows only then.
 * @throws {TwinError} CORRUPT, DISK_FULL, NEWER_FILE or NOT_DURABLE
 */
export function openFile(file: string, capBytes: number): SqliteFile {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  return guarded(() => {
    const db = new Sqlite(file, { timeout: 5_000 });
    try {
      configure(db, capBytes);
      migrate(db, file);
      db.prepare(
        "INSERT INTO meta VALUES ('opened', '1') ON CONFLICT (key) DO UPDATE SET value = value + 1",
      ).run();
      assertDurable(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Opens an outbox that may be damaged, or belongs to a running agent, for reading. */
export const openForReading = (file: string): SqliteFile =>
  guarded(() => new Sqlite(file, { readonly: true, timeout: 5_000 }));

/**
 * Copies a damaged outbox, gives the copy the schema page of a new file, writes its WAL back and opens it. Migrations make
 * their tables in one order, so every outbox has the same root pages, and all tables can be read whatever became of page 1.
 */
export function copyToRead(damaged: string, copy: string): SqliteFile {
  for (const suffix of ["", "-wal"])
    if (fs.existsSync(damaged + suffix)) fs.copyFileSync(damaged + suffix, copy + suffix);
  const handle = fs.openSync(copy, "r+");
  fs.writeSync(handle, schemaPage(copy, Math.floor(fs.fstatSync(handle).size / PAGE)), 0, PAGE, 0);
  fs.closeSync(handle);
  return guarded(() => {
    const db = new Sqlite(copy, { timeout: 5_000 });
    try {
      db.pragma("wal_checkpoint(TRUNCATE)");
    } catch {
      // What the WAL held is missing then; the pages of the file are still worth reading.
    }
    return db;
  });
}

/** Page 1 of an empty outbox, for a file of so many pages. */
function schemaPage(beside: string, pages: number): Buffer {
  const fresh = `${beside}.fresh`;
  const remove = (): void => {
    for (const suffix of ["", "-wal", "-shm"]) fs.rmSync(fresh + suffix, { force: true });
  };
  remove();
  try {
    openFile(fresh, 64 * PAGE).close();
    const page = fs.readFileSync(fresh).subarray(0, PAGE);
    page.writeUInt32BE(pages, 28); // "size of the database file in pages": SQLite file format, 1.3
    return page;
  } finally {
    remove();
  }
}

function configure(db: SqliteFile, capBytes: number): void {
  db.pragma(`page_size = ${PAGE}`);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  const walPages = Math.max(64, Math.min(1_000, Math.floor(capBytes / 8 / PAGE)));
  db.pragma(`wal_autocheckpoint = ${walPages}`);
  db.pragma(`journal_size_limit = ${walPages * PAGE}`);
  db.pragma("temp_store = MEMORY");
  db.pragma("foreign_keys = ON");
  db.pragma("cell_size_check = ON");
  db.pragma("trusted_schema = OFF");
}

function migrate(db: SqliteFile, file: string): void {
  const version = db.pragma("user_version", { simple: true }) as number;
  if (version > MIGRATIONS.length) {
    throw new TwinError(
      "NEWER_FILE",
      `${file} was written by a newer agent (schema ${version}, this one knows ${MIGRATIONS.length})`,
      "install that agent again; its backlog is untouched",
    );
  }
  db.transaction(() => {
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
  })();
}

/** @throws {TwinError} NOT_DURABLE when a commit would not reach the disk. Ask after a write: before it the answer is wrong. */
export function assertDurable(db: SqliteFile): void {
  const synchronous = db.pragma("synchronous", { simple: true });
  const journal = db.pragma("journal_mode", { simple: true });
  if (synchronous === FULL && journal === "wal") return;
  throw new TwinError(
    "NOT_DURABLE",
    `the outbox runs with journal_mode ${String(journal)}, synchronous ${String(synchronous)}`,
    "expected wal and 2 (FULL): do not acknowledge readings with this build of SQLite",
  );
}

/**
 * The writer's lock: an exclusive transaction on a file beside the outbox, for as long as the process lives. The kernel
 * lets go of it when the process is killed.
 * @throws {TwinError} LOCKED
 */
export function lockWriter(file: string): () => void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  return guarded(() => {
    const lock = new Sqlite(`${file}.lock`, { timeout: 0 });
    try {
      lock.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      lock.close();
      throw isBusy(error) ? locked(file, error) : error;
    }
    return () => lock.close();
  });
}

const isBusy = (error: unknown): boolean =>
  error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_BUSY");
const locked = (file: string, cause: unknown): TwinError =>
  new TwinError(
    "LOCKED",
    `another process is writing to ${file}`,
    "stop the running agent first, or talk to it through its health port",
    { cause, retry: "later" },
  );

/** Freed pages inside the file not counted: they are used again first. */
export function bytesInUse(db: SqliteFile): number {
  const [pages, free, size] = ["page_count", "freelist_count", "page_size"].map(
    (name) => db.pragma(name, { simple: true }) as number,
  );
  return ((pages ?? 0) - (free ?? 0)) * (size ?? 0);
}
export const bytesOnDisk = (db: SqliteFile, file: string): number =>
  bytesInUse(db) + (fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0);

/** Runs `work` and gives SQLite's errors the agent's codes. */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(error);
  }
}

function translate(error: unknown): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return isFull(error) ? diskFull(error) : error;
  const { code } = error;
  if (code === "SQLITE_FULL") return diskFull(error);
  if (
    code.startsWith("SQLITE_CORRUPT") ||
    code === "SQLITE_NOTADB" ||
    code === "SQLITE_IOERR_SHORT_READ" ||
    code === "SQLITE_IOERR_DATA"
  ) {
    return new TwinError(
      "CORRUPT",
      `the outbox is damaged: ${code} ${error.message}`,
      "reopen it: the file is put aside and salvaged",
      { cause: error, retry: "now" },
    );
  }
  if (code.startsWith("SQLITE_IOERR") || code === "SQLITE_CANTOPEN") {
    return new TwinError(
      "DISK_ERROR",
      `the disk refused: ${code} ${error.message}`,
      "check the disk; nothing is acknowledged until a commit succeeds",
      { cause: error, retry: "later" },
    );
  }
  return error;
}

const isFull = (error: unknown): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === "ENOSPC";
const diskFull = (cause: unknown): TwinError =>
  new TwinError(
    "DISK_FULL",
    "no space is left for the outbox",
    "free space on its disk; nothing is acknowledged until a commit succeeds",
    { cause, retry: "later" },
  );

import * as fs from "node:fs";
import * as path from "node:path";
import { decodeFrame } from "@plumbline/twin/contract/frame-codec";
import type { Reading } from "@plumbline/twin/contract/reading";
import { TwinError } from "@plumbline/twin/errors";
import type { AgentConfig } from "../config.ts";
import { checksumOf, decodeChunk } from "../outbox/journal-chunk.ts";
import { openForReading, type SqliteFile } from "../outbox/sqlite-file.ts";
import { Statements } from "../outbox/sqlite-statements.ts";

/** What `outbox inspect` shows; the agent may be running. */
export interface Inspection {
  readonly file: string;
  readonly bytes: number;
  readonly walBytes: number;
  readonly check: string;
  readonly epoch: string | null;
  readonly sealed: number;
  readonly acked: number;
  readonly frames: {
    readonly waiting: number;
    readonly kept: number;
    readonly readings: number;
    readonly bytes: number;
    readonly damaged: readonly number[];
  };
  readonly oldest: number | null;
  readonly journal: { readonly readings: number; readonly damagedRows: number };
  readonly slots: Readonly<Record<string, number>>;
  readonly rejected: {
    readonly kept: number;
    readonly newest: readonly { readonly at: number; readonly topic: string; readonly reason: string }[];
  };
  readonly gaps: number;
  readonly setAside: readonly string[];
}

export function inspectOutbox({ outbox }: AgentConfig): Inspection {
  return reading(outbox.path, (db, sql) => {
    const acked = Number(sql.meta("acked") ?? 0);
    const { frames, readings, bytes, oldest } = sql.backlog(acked);
    const rows = sql.framesAfter(0, Number.MAX_SAFE_INTEGER);
    const chunks = sql.journal().map((chunk) => attempt(() => decodeChunk(chunk)));
    return {
      file: outbox.path,
      bytes: sizeOf(outbox.path),
      walBytes: sizeOf(`${outbox.path}-wal`),
      check: String(db.pragma("quick_check(1)", { simple: true })),
      epoch: sql.meta("epoch") ?? null,
      sealed: Number(sql.meta("sealed") ?? 0),
      acked,
      frames: {
        waiting: frames,
        kept: rows.length - frames,
        readings,
        bytes,
        damaged: rows.filter((row) => checksumOf(row.bytes) !== row.hash).map(({ sequence }) => sequence),
      },
      oldest,
      journal: {
        readings: chunks.flatMap((chunk) => chunk ?? []).filter(({ kind }) => kind === "reading").length,
        damagedRows: chunks.filter((chunk) => chunk === undefined).length,
      },
      slots: sql.slotVersions(),
      rejected: { kept: sql.rejectedCount(), newest: sql.newestRejected(5) },
      gaps: sql.gaps().length,
      setAside: setAsideOf(outbox.path),
    };
  });
}

/**
 * Copies what was not acknowledged into a folder (a USB stick): frames as they would be sent, the journal as NDJSON. The
 * outbox is not changed, and the same frames may still be sent: they carry the same identities.
 */
export function exportOutbox(
  { outbox }: AgentConfig,
  folder: string,
): { readonly folder: string; readonly frames: number; readonly readings: number; readonly journal: number } {
  return reading(outbox.path, (_db, sql) => {
    const epoch = sql.meta("epoch") ?? "unknown";
    fs.mkdirSync(folder, { recursive: true });
    let frames = 0;
    let readings = 0;
    let after = Number(sql.meta("acked") ?? 0);
    for (let [row] = sql.framesAfter(after, 1); row; [row] = sql.framesAfter(after, 1)) {
      after = row.sequence;
      fs.writeFileSync(
        path.join(folder, `${epoch}-${String(row.sequence).padStart(12, "0")}.plf`),
        row.bytes,
      );
      frames++;
      readings += attempt(() => decodeFrame(row.bytes).readings.length) ?? 0;
    }
    const journal = sql
      .journal()
      .flatMap((chunk) => attempt(() => decodeChunk(chunk)) ?? [])
      .flatMap((entry): Reading[] => (entry.kind === "reading" ? [entry.reading] : []));
    fs.writeFileSync(
      path.join(folder, `${epoch}-journal.ndjson`),
      journal.map((entry) => `${JSON.stringify(entry)}\n`).join(""),
    );
    return { folder, frames, readings, journal: journal.length };
  });
}

function reading<T>(file: string, work: (db: SqliteFile, sql: Statements) => T): T {
  if (!fs.existsSync(file))
    throw new TwinError(
      "NO_OUTBOX",
      `there is no outbox at ${file}`,
      "it is made when the agent first runs; check outbox.path and stateDir",
    );
  const db = openForReading(file);
  try {
    return work(db, new Statements(db));
  } finally {
    db.close();
  }
}

const sizeOf = (file: string): number => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
function setAsideOf(file: string): string[] {
  const beside = `${path.basename(file)}.`;
  return fs
    .readdirSync(path.dirname(file))
    .filter((name) => name.startsWith(beside) && /\.(corrupt|salvaging)-\d+$/.test(name));
}
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

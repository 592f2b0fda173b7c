import * as fs from "node:fs";
import * as path from "node:path";
import type { GapRecord } from "@plumbline/twin/contract/frame";
import { CHAIN_START, chainHash, decodeFrame, frameHash } from "@plumbline/twin/contract/frame-codec";
import Sqlite from "better-sqlite3";
import { expect, test } from "vitest";
import { assertDurable, openFile } from "../../../edge-agent/src/outbox/sqlite-file.ts";
import { scratch } from "../support/agents.ts";
import { Bench, batchOf, lineReadings } from "../support/journals.ts";

const fileIn = (): string => path.join(scratch(), "outbox.db");

/** A bench whose frames are sealed every row of `rows`. */
async function filled(
  file: string,
  rows: number,
  over: Parameters<typeof Bench.open>[1] = {},
  seed = 1,
): Promise<Bench> {
  const bench = await Bench.open(file, over);
  for (const [index, reading] of lineReadings(rows, seed).entries()) {
    bench.feed(reading);
    if ((index + 1) % (60 * 21) === 0) {
      bench.seal();
      await bench.commit();
    }
  }
  await bench.commit();
  return bench;
}

const chainOf = (frames: readonly { bytes: Uint8Array }[]): string =>
  frames.reduce((chain, { bytes }) => chainHash(chain, frameHash(bytes)), CHAIN_START);

test("synchronous is FULL after the first write", () => {
  const file = fileIn();
  const db = openFile(file, 1e8);
  db.prepare("INSERT INTO meta VALUES ('a', 'b')").run();
  expect(db.pragma("synchronous", { simple: true })).toBe(2);
  expect(() => assertDurable(db)).not.toThrow();
  db.close();
});

test("negative control: the library's default is not FULL, it only looks so before the first write", () => {
  const db = new Sqlite(fileIn());
  db.pragma("journal_mode = WAL");
  expect(db.pragma("synchronous", { simple: true })).toBe(2);
  db.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
  expect(db.pragma("synchronous", { simple: true })).toBe(1);
  expect(() => assertDurable(db)).toThrow(expect.objectContaining({ code: "NOT_DURABLE" }));
  db.close();
});

test("a second writer is turned away, and may come when the first is gone", async () => {
  const file = fileIn();
  const first = await Bench.open(file);
  await expect(Bench.open(file)).rejects.toMatchObject({ code: "LOCKED" });
  await first.outbox.close();
  await (await Bench.open(file)).outbox.close();
});

test("only an acknowledgement of this epoch, of what was sent, with the right hash deletes anything", async () => {
  const bench = await filled(fileIn(), 600);
  const { epoch } = bench.opened;
  const frames = await bench.outbox.take(0, 5);
  const hash = chainOf(frames);
  const ignored = [
    [{ epoch: "0123456789abcdef", sequence: 5, hash }, /epoch/],
    [{ epoch, sequence: 6, hash }, /never sent/],
    [{ epoch, sequence: 5, hash: "0".repeat(64) }, /hash/],
    [{ epoch, sequence: 4, hash }, /hash/],
  ] as const;
  for (const [ack, reason] of ignored)
    expect(await bench.outbox.acknowledge(ack)).toMatchObject({
      kind: "ignored",
      reason: expect.stringMatching(reason),
    });
  expect(await bench.outbox.take(0, 100)).toHaveLength(10);
  expect(await bench.outbox.acknowledge({ epoch, sequence: 5, hash })).toMatchObject({
    kind: "advanced",
    acked: 5,
    status: { backlogFrames: 5 },
  });
  expect(await bench.outbox.acknowledge({ epoch, sequence: 5, hash })).toEqual({ kind: "stale" });
  await bench.outbox.close();
});

test("acknowledged frames stay until 8,192 newer readings are sealed, so that a redelivery after a restart is recognised", async () => {
  const file = fileIn();
  const readings = lineReadings(60 * 12, 1);
  let bench = await filled(file, 60 * 12);
  const frames = await bench.outbox.take(0, 100);
  await bench.outbox.acknowledge({ epoch: bench.opened.epoch, sequence: 12, hash: chainOf(frames) });
  expect((await bench.outbox.take(0, 100)).length).toBeLessThan(9);
  await bench.outbox.close();
  bench = await Bench.open(file);
  expect(bench.opened.status.backlogFrames).toBe(0);
  expect(readings.slice(-8_192).map((reading) => bench.feed(reading))).toEqual(
    Array.from({ length: 8_192 }, () => "duplicate"),
  );
  await bench.outbox.close();
});

test("the chain goes on over a restart: what was sent keeps its hash", async () => {
  const file = fileIn();
  let bench = await filled(file, 300);
  await bench.outbox.take(0, 3);
  await bench.outbox.close();
  bench = await Bench.open(file);
  const frames = await bench.outbox.take(0, 5);
  expect(
    await bench.outbox.acknowledge({ epoch: bench.opened.epoch, sequence: 5, hash: chainOf(frames) }),
  ).toMatchObject({ kind: "advanced" });
  await bench.outbox.close();
});

test("drop-oldest keeps to the cap: frames never sent become gap frames of the same sequence, sent ones are not touched", async () => {
  const file = fileIn();
  const capBytes = 512 * 1024;
  const bench = await Bench.open(file, { capBytes });
  let dropped = 0;
  for (const [index, reading] of lineReadings(60 * 400, 2).entries()) {
    bench.feed(reading);
    if ((index + 1) % (60 * 21) !== 0) continue;
    bench.seal();
    const status = await bench.outbox.append(batchOf(bench.taken()));
    if (status.sealed === 2) await bench.outbox.take(0, 2);
    dropped += status.dropped.frames;
    expect(status.bytes).toBeLessThanOrEqual(capBytes + 128 * 1024);
  }
  expect(dropped).toBeGreaterThan(20);
  const frames = (await bench.outbox.take(0, 1_000)).map(({ bytes }) => decodeFrame(bytes));
  expect(frames.map(({ sequence }) => sequence)).toEqual(frames.map((_, index) => index + 1));
  expect(frames[0]?.readings).toHaveLength(1_260);
  expect(frames[1]?.readings).toHaveLength(1_260);
  const gaps = frames[2]!.records.filter((record): record is GapRecord => record.kind === "gap");
  expect(frames[2]?.readings).toHaveLength(0);
  expect(gaps).toHaveLength(21);
  expect(gaps[0]).toMatchObject({ signal: "w1", count: 60, reason: "overflow" });
  await bench.outbox.close();
});

test("what the policy turned away is summed up durably, by signal, until a gap record tells of it", async () => {
  const file = fileIn();
  let bench = await Bench.open(file);
  await bench.outbox.append({
    steps: [],
    rejected: [],
    lost: [
      { signal: "w1", at: 10 },
      { signal: "w1", at: 5 },
      { signal: "w2", at: 7 },
    ],
  });
  await bench.outbox.close();
  bench = await Bench.open(file);
  expect(bench.opened.status.gaps).toEqual([
    { kind: "gap", signal: "w1", from: 5, to: 10, count: 2, reason: "overflow" },
    { kind: "gap", signal: "w2", from: 7, to: 7, count: 1, reason: "overflow" },
  ]);
  const status = await bench.outbox.append(batchOf([{ kind: "note", clears: "gaps" }]));
  expect(status.gaps).toEqual([]);
  await bench.outbox.close();
});

test("a batch is written whole or not at all", async () => {
  const bench = await filled(fileIn(), 60);
  const before = await bench.outbox.append(batchOf([]));
  const wrong = {
    kind: "seal",
    frames: [{ sequence: 99, bytes: new Uint8Array(3), readings: 0, span: [0, 0] }],
    state: "{}",
  } as const;
  await expect(
    bench.outbox.append({
      steps: [{ kind: "entry", entry: { kind: "hand", action: "revert", at: 0 } }, wrong],
      rejected: [],
      lost: [],
    }),
  ).rejects.toMatchObject({ code: "BAD_SEQUENCE" });
  expect(await bench.outbox.append(batchOf([]))).toEqual(before);
  await bench.outbox.close();
});

test("rejected messages are kept with their reason, the newest 1,000 of them", async () => {
  const file = fileIn();
  const bench = await Bench.open(file);
  const rejected = Array.from({ length: 1_200 }, (_, index) => ({
    at: index,
    topic: "line/w1/reading",
    payload: new Uint8Array(2_000),
    reason: "payload is not JSON",
  }));
  await bench.outbox.append({ steps: [], rejected, lost: [] });
  await bench.outbox.close();
  const db = new Sqlite(file, { readonly: true });
  expect(
    db
      .prepare("SELECT count(*) AS kept, min(at) AS oldest, max(length(payload)) AS longest FROM rejected")
      .get(),
  ).toEqual({ kept: 1_000, oldest: 200, longest: 512 });
  db.close();
});

test("a file of a newer agent is refused and not touched", async () => {
  const file = fileIn();
  await (await Bench.open(file)).outbox.close();
  const db = new Sqlite(file);
  db.pragma("user_version = 99");
  db.close();
  const before = fs.readFileSync(file);
  await expect(Bench.open(file)).rejects.toMatchObject({ code: "NEWER_FILE" });
  expect(fs.readFileSync(file).equals(before)).toBe(true);
});

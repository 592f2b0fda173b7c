import * as path from "node:path";
import type { Frame } from "@plumbline/twin/contract/frame";
import { MAX_FRAME_BYTES } from "@plumbline/twin/contract/frame";
import { decodeFrame } from "@plumbline/twin/contract/frame-codec";
import { encodeParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { Reading } from "@plumbline/twin/contract/reading";
import { sha256 } from "@plumbline/twin/contract/sha256";
import { priorSet } from "@plumbline/twin/definition/prior-set";
import { webLine } from "@plumbline/twin/definition/web-line";
import { Observer } from "@plumbline/twin/estimation/observer";
import { expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { machine, scratch } from "../support/agents.ts";
import { Bench, lineReadings } from "../support/journals.ts";
import { absurd, publishable, WORN } from "../support/sets.ts";

const START = Date.UTC(2026, 0, 1);

/** Everything of a frame but what a restart may add, and the epoch that is random. */
const comparable = ({
  checkpoint: _slice,
  epoch: _epoch,
  ...frame
}: Frame): Omit<Frame, "checkpoint" | "epoch"> => frame;

async function framesOf(bench: Bench): Promise<{ frame: Frame; size: number }[]> {
  return (await bench.outbox.take(0, 100_000)).map(({ bytes }) => ({
    frame: decodeFrame(bytes),
    size: bytes.length,
  }));
}

/** Feeds readings in random commits, "killing" the process after some: what was not committed is delivered again. */
async function run(
  readings: readonly Reading[],
  kills: number,
  seed: number,
): Promise<{ frames: Frame[]; hash: string; sizes: number[] }> {
  const { uniform } = seeded(seed);
  const file = path.join(scratch(), "outbox.db");
  let bench = await Bench.open(file);
  const deadly = new Set(Array.from({ length: kills }, () => Math.floor(uniform() * readings.length)));
  let committed = 0;
  for (let index = 0; index < readings.length; index++) {
    bench.feed(readings[index]!);
    if (deadly.delete(index)) {
      await bench.outbox.close(); // a kill at the level of the file: nothing uncommitted survives
      bench = await Bench.open(file);
      index = Math.max(committed - 50, 0) - 1; // the broker delivers again what was not acknowledged, and some that was
      continue;
    }
    if (uniform() < 0.02) {
      await bench.commit();
      committed = index + 1;
    }
  }
  await bench.commit();
  const frames = await framesOf(bench);
  const hash = bench.station.hash();
  await bench.outbox.close();
  return { frames: frames.map(({ frame }) => frame), hash, sizes: frames.map(({ size }) => size) };
}

/** A worn line with everything that validation must remember: frozen, spiking, late, conflicting and impossible readings. */
function troubled(rows: number, seed: number): Reading[] {
  const { uniform } = seeded(seed);
  return lineReadings(rows, seed, (row) => (row < 120 ? 0.0002 : 0.002 * (row - 120))).flatMap(
    (reading, index): Reading[] => {
      const row = Math.floor(index / 21);
      if (reading.signal === "w4" && row > 60 && row < 90) return [{ ...reading, value: 20.123 }];
      if (uniform() < 0.01) return [{ ...reading, value: reading.value * 1_000 }];
      if (uniform() < 0.01) return [reading, { ...reading, value: reading.value + 1, counter: 1e6 + index }];
      if (row > 200 && uniform() < 0.01)
        return [reading, { ...reading, at: reading.at - 30 * 3_600_000 + 1, counter: 2e6 + index }];
      return [reading];
    },
  );
}

test("a restart at any point is bit-exact: state, frames and their start hashes equal those of an uninterrupted run", async () => {
  const readings = troubled(260, 3);
  const whole = await run(readings, 0, 1);
  expect(whole.frames.length).toBeGreaterThan(4);
  expect(whole.frames.flatMap(({ records }) => records).some(({ kind }) => kind === "alarm")).toBe(true);
  const reasons = new Set(whole.frames.flatMap(({ readings: held }) => held).map(({ reason }) => reason));
  expect([...reasons]).toEqual(expect.arrayContaining(["frozen", "unit-scale", "conflict", "late"]));
  for (const seed of [2, 3, 4]) {
    const broken = await run(readings, 12, seed);
    expect(broken.hash).toBe(whole.hash);
    expect(broken.frames.map(comparable)).toEqual(whole.frames.map(comparable));
  }
});

test("the cloud's observer over the frames' readings meets every start hash, and the agent's own hash at the end", async () => {
  const bench = await Bench.open(path.join(scratch(), "outbox.db"));
  for (const reading of lineReadings(200, 5)) bench.feed(reading);
  bench.seal();
  await bench.commit();
  const observer = Observer.start(webLine, priorSet(webLine, machine.thing, machine.instance));
  for (const { frame } of await framesOf(bench)) {
    expect(frame.start).toBe(observer.hash());
    for (const reading of frame.readings) observer.observe(reading);
  }
  expect(observer.hash()).toBe(bench.station.hash());
  await bench.outbox.close();
});

test("no frame exceeds 4,000 bytes, whatever the readings look like", async () => {
  const { uniform } = seeded(9);
  const bench = await Bench.open(path.join(scratch(), "outbox.db"));
  const readings = lineReadings(500, 6).map(
    (reading, index): Reading => ({
      ...reading,
      at: reading.at + Math.floor(uniform() * 5_000),
      value: index % 3 === 0 ? reading.value : (uniform() - 0.5) * 1e300,
      boot: `boot-${Math.floor(uniform() * 1e9)}`,
      counter: Math.floor(uniform() * 1e12),
    }),
  );
  for (const reading of readings) bench.feed(reading);
  bench.seal();
  await bench.commit();
  const frames = await framesOf(bench);
  expect(Math.max(...frames.map(({ size }) => size))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  expect(frames.flatMap(({ frame }) => frame.readings)).toHaveLength(readings.length);
  await bench.outbox.close();
});

test("a frame is sealed after 60 sampling periods of event time, not of waiting", async () => {
  const bench = await Bench.open(path.join(scratch(), "outbox.db"));
  for (const reading of lineReadings(61, 7)) bench.feed(reading);
  await bench.commit();
  const [first] = await framesOf(bench);
  expect(first?.frame.readings).toHaveLength(60 * webLine.signals.length);
  await bench.outbox.close();
});

test("the slices of a checkpoint put together are the start state of the frame that carries the first", async () => {
  const bench = await Bench.open(path.join(scratch(), "outbox.db"));
  for (const reading of lineReadings(60 * 40, 8)) bench.feed(reading);
  await bench.commit();
  const frames = (await framesOf(bench)).map(({ frame }) => frame);
  const begun = frames.filter(({ checkpoint }) => checkpoint?.part === 0);
  expect(begun.map(({ sequence }) => sequence)).toEqual([1, 17, 33]);
  for (const first of begun) {
    const slices = frames.filter(
      ({ sequence }) => sequence >= first.sequence && sequence < first.sequence + first.checkpoint!.of,
    );
    expect(slices.map(({ checkpoint }) => checkpoint?.part)).toEqual(slices.map((_, index) => index));
    if (slices.length === first.checkpoint!.of)
      expect(sha256(slices.map(({ checkpoint }) => checkpoint!.text).join(""))).toBe(first.start);
  }
  await bench.outbox.close();
});

test("a commit seals the open frame before the new set comes in, and a restart keeps the set in force", async () => {
  const file = path.join(scratch(), "outbox.db");
  let bench = await Bench.open(file);
  const readings = lineReadings(60, 10, () => WORN);
  for (const reading of readings.slice(0, 20 * 21)) bench.feed(reading);
  bench.record({
    kind: "trial",
    set: encodeParameterSet(publishable(3)),
    kid: "k",
    at: bench.station.newest ?? START,
  });
  expect(bench.station.desk.candidate?.version).toBe(3);
  for (const reading of readings.slice(20 * 21)) bench.feed(reading);
  await bench.commit();
  expect(bench.station.desk.incumbent.version).toBe(3);
  const sealed = (await framesOf(bench)).map(({ frame }) => frame);
  expect(sealed.map(({ set }) => set)).toEqual(sealed.map(() => 0));
  expect(sealed.at(-1)?.records.at(-1)).toMatchObject({
    kind: "decision",
    outcome: "committed",
    version: 3,
    at: readings[28 * 21 - 1]!.at,
  });
  expect(sealed.flatMap(({ readings: held }) => held)).toHaveLength(28 * 21);
  await bench.outbox.close();
  bench = await Bench.open(file);
  expect(bench.station.desk.incumbent.version).toBe(3);
  expect(bench.station.desk.highest).toBe(3);
  bench.seal();
  await bench.commit();
  expect((await framesOf(bench)).at(-1)?.frame).toMatchObject({ set: 3, checkpoint: { part: 0 } });
  await bench.outbox.close();
});

test("a trial goes on where it was after a restart, from the seal and from the journal", async () => {
  const file = path.join(scratch(), "outbox.db");
  let bench = await Bench.open(file);
  const readings = lineReadings(60, 12, () => WORN);
  let next = 0;
  const rows = (count: number): void => {
    for (const reading of readings.slice(next * 21, (next + count) * 21)) bench.feed(reading);
    next += count;
  };
  const restart = async (): Promise<void> => {
    await bench.commit();
    await bench.outbox.close();
    bench = await Bench.open(file);
  };
  rows(5);
  bench.record({
    kind: "trial",
    set: encodeParameterSet(publishable(4)),
    kid: "k",
    at: bench.station.newest ?? START,
  });
  rows(3);
  await restart();
  expect(bench.station.desk.candidate?.version).toBe(4);
  rows(2);
  bench.seal();
  await restart();
  rows(2);
  await restart();
  expect(bench.station.desk.incumbent.version).toBe(0);
  rows(1); // the eighth row
  expect(bench.station.desk.incumbent.version).toBe(4);
  await bench.outbox.close();
});

test("a set that predicts worse is reverted, and its version is never tried again", async () => {
  const bench = await Bench.open(path.join(scratch(), "outbox.db"));
  for (const reading of lineReadings(5, 13)) bench.feed(reading);
  bench.record({
    kind: "trial",
    set: encodeParameterSet(absurd(2)),
    kid: "k",
    at: bench.station.newest ?? START,
  });
  for (const reading of lineReadings(30, 13).slice(5 * 21)) bench.feed(reading);
  expect(bench.station.desk.incumbent.version).toBe(0);
  expect(bench.station.desk.state().report).toMatchObject({ version: 2, state: "reverted" });
  expect(bench.station.desk.highest).toBe(2);
  await bench.outbox.close();
});

test("a newer set during a trial ends it as reverted: superseded", async () => {
  const bench = await Bench.open(path.join(scratch(), "outbox.db"));
  for (const reading of lineReadings(5, 14)) bench.feed(reading);
  bench.record({
    kind: "trial",
    set: encodeParameterSet(publishable(2)),
    kid: "k",
    at: bench.station.newest ?? START,
  });
  bench.record({
    kind: "trial",
    set: encodeParameterSet(publishable(5)),
    kid: "k",
    at: bench.station.newest ?? START,
  });
  await bench.commit();
  const [sealed] = (await framesOf(bench)).map(({ frame }) => frame);
  expect(sealed?.records.at(-1)).toMatchObject({
    kind: "decision",
    outcome: "reverted",
    version: 2,
    reason: "superseded by version 5",
  });
  expect(bench.station.desk.candidate?.version).toBe(5);
  await bench.outbox.close();
});

test("a step back at the cabinet puts the set before in force, and resume puts the held one on trial", async () => {
  const bench = await Bench.open(path.join(scratch(), "outbox.db"));
  const readings = lineReadings(40, 15, () => WORN);
  const commitSet = (version: number, from: number): void => {
    bench.record({
      kind: "trial",
      set: encodeParameterSet(publishable(version)),
      kid: "k",
      at: bench.station.newest ?? START,
    });
    for (const reading of readings.slice(from * 21, (from + 8) * 21)) bench.feed(reading);
  };
  commitSet(1, 0);
  commitSet(2, 8);
  expect(bench.station.desk.incumbent.version).toBe(2);
  bench.record({ kind: "hand", action: "revert", at: START });
  expect(bench.station.desk.incumbent.version).toBe(1);
  expect(bench.station.desk.held?.version).toBe(2);
  bench.record({
    kind: "trial",
    set: encodeParameterSet(bench.station.desk.held!),
    kid: "k",
    at: bench.station.newest ?? START,
  });
  for (const reading of readings.slice(16 * 21, 24 * 21)) bench.feed(reading);
  expect(bench.station.desk.incumbent.version).toBe(2);
  expect(bench.station.desk.held).toBeUndefined();
  await bench.commit();
  await bench.outbox.close();
});

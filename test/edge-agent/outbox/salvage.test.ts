import * as fs from "node:fs";
import * as path from "node:path";
import { decodeFrame } from "@plumbline/twin/contract/frame-codec";
import { encodeParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { Reading } from "@plumbline/twin/contract/reading";
import { expect, test } from "vitest";
import { LocalOutbox } from "../../../edge-agent/src/outbox/local-outbox.ts";
import { configIn, limitsOf, scratch, startInProcess } from "../support/agents.ts";
import { Bench, lineReadings } from "../support/journals.ts";
import { publishable, WORN } from "../support/sets.ts";

const PAGE = 4_096;

/** An outbox with 20 frames of a worn line, a committed set and an open journal, closed. */
async function fill(file: string): Promise<{ readings: Reading[]; epoch: string }> {
  const bench = await Bench.open(file);
  const readings = lineReadings(60 * 20 + 10, 21, () => WORN);
  bench.record({ kind: "trial", set: encodeParameterSet(publishable(6)), kid: "k", at: readings[0]!.at });
  for (const [index, reading] of readings.entries()) {
    bench.feed(reading);
    if (index % 210 === 209) await bench.commit();
  }
  await bench.commit();
  const { epoch } = bench.opened;
  await bench.outbox.close();
  return { readings, epoch };
}

/** Overwrites the middle of one page that holds a frame's body. */
function damagePage(file: string, share: number): void {
  const size = fs.statSync(file).size;
  const page = Math.floor((size / PAGE) * share);
  const handle = fs.openSync(file, "r+");
  fs.writeSync(handle, Buffer.alloc(512, 0xa5), 0, 512, page * PAGE + 1_024);
  fs.closeSync(handle);
}

const keyOf = ({ signal, at }: Reading): string => `${signal}|${at}`;

/** Starts the agent on the file (no plant, no cloud) and reads back everything it holds. */
async function heldAfterStart(folder: string): Promise<{
  held: Reading[];
  gaps: { from: number; to: number; count: number }[];
  events: string[];
  set: number;
  epoch: string;
  highest: number | null;
}> {
  const { config } = configIn(folder, 1, 1);
  const { pipeline, events } = await startInProcess(config);
  await pipeline.seal();
  const { set, epoch, apply } = pipeline.vitals(false);
  await pipeline.stop();
  const outbox = new LocalOutbox(config.outbox.path, limitsOf(config));
  await outbox.open();
  const frames = (await outbox.take(0, 10_000)).map(({ bytes }) => decodeFrame(bytes));
  await outbox.close();
  const gaps = frames
    .flatMap(({ records }) => records)
    .flatMap((record) => (record.kind === "gap" ? [record] : []));
  return {
    held: frames.flatMap(({ readings }) => readings),
    gaps,
    events: events.map(({ name }) => name),
    set,
    epoch,
    highest: apply.highest,
  };
}

test.each([0.3, 0.5, 0.7, 0.9])(
  "an outbox with a damaged page (at %d of the file) starts, loses only what lay on it, and says so",
  async (share) => {
    const folder = scratch();
    const file = path.join(folder, "state", "outbox.db");
    const { readings, epoch } = await fill(file);
    damagePage(file, share);
    const { held, gaps, events, ...rest } = await heldAfterStart(folder);
    if (rest.epoch === epoch) return expect(held.length).toBe(readings.length); // the page held nothing that mattered
    expect(events).toContain("outbox.salvaged");
    const missing = readings.filter((reading) => !new Set(held.map(keyOf)).has(keyOf(reading)));
    expect(missing.length).toBeLessThan(readings.length / 4);
    for (const { at } of missing) expect(gaps.some(({ from, to }) => at >= from && at <= to)).toBe(true);
    expect(gaps.reduce((sum, { count }) => sum + count, 0)).toBe(missing.length);
    expect(new Set(held.map(keyOf)).size).toBe(held.length);
    expect(fs.readdirSync(path.dirname(file)).filter((name) => /corrupt-1$/.test(name))).toHaveLength(1);
    expect(rest.set).toBe(6);
    expect(rest.highest).toBe(6);
  },
);

test("a file that is no database at all is put aside, and the agent runs", async () => {
  const folder = scratch();
  const file = path.join(folder, "state", "outbox.db");
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(file, "this is not a database ".repeat(1_000));
  const { events, set } = await heldAfterStart(folder);
  expect(events).toContain("outbox.salvaged");
  expect(set).toBe(0);
  expect(fs.readFileSync(`${file}.corrupt-1`, "utf8")).toMatch(/^this is not a database/);
});

test("a salvage that was interrupted begins again from the file that was put aside", async () => {
  const folder = scratch();
  const file = path.join(folder, "state", "outbox.db");
  const { readings } = await fill(file);
  damagePage(file, 0.5);
  const first = new LocalOutbox(file, limitsOf(configIn(folder, 1, 1).config));
  const opened = await first.open();
  if (!opened.salvage) return expect(opened.status.sealed).toBeGreaterThan(0);
  await first.salvaged();
  await first.close(); // killed before anything was rescued
  const { held, gaps } = await heldAfterStart(folder);
  expect(held.length + gaps.reduce((sum, { count }) => sum + count, 0)).toBe(readings.length);
});

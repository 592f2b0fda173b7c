import * as fs from "node:fs";
import * as path from "node:path";
import type { GapRecord } from "@plumbline/twin/contract/frame";
import { encodeParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { Reading } from "@plumbline/twin/contract/reading";
import { expect, test } from "vitest";
import type { Vitals } from "../../../edge-agent/src/health/vitals.ts";
import { LocalOutbox } from "../../../edge-agent/src/outbox/local-outbox.ts";
import { configIn, limitsOf, scratch, startInProcess } from "../support/agents.ts";
import { openBroker, SmallCloud, until } from "../support/brokers.ts";
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

/** Byte offsets at which a live frame of the file begins, in file order. */
function frameOffsets(file: string): number[] {
  const bytes = fs.readFileSync(file);
  const offsets: number[] = [];
  for (let at = bytes.indexOf("PLF1"); at >= 0; at = bytes.indexOf("PLF1", at + 1)) offsets.push(at);
  return offsets;
}
function overwrite(file: string, offset: number, count: number): void {
  const handle = fs.openSync(file, "r+");
  fs.writeSync(handle, Buffer.alloc(count, 0xa5), 0, count, offset);
  fs.closeSync(handle);
}
const nth = (file: string, share: number): number => {
  const offsets = frameOffsets(file);
  return offsets[Math.floor(share * offsets.length)]!;
};

const keyOf = ({ signal, at }: Reading): string => `${signal}|${at}`;

/** Runs the agent on the file, with a cloud that takes everything; what the cloud then has. */
async function sentAfterStart(folder: string): Promise<{
  stored: Set<string>;
  gaps: GapRecord[];
  events: string[];
  vitals: Vitals;
}> {
  const broker = await openBroker();
  const cloud = await SmallCloud.open(broker);
  const { config } = configIn(folder, 1, broker.port);
  const { pipeline, events } = await startInProcess(config);
  const isDone = async (): Promise<boolean> => {
    await pipeline.seal();
    const { ackedSequence, sealedSequence, idle } = pipeline.vitals(false);
    return idle && ackedSequence === sealedSequence && events.some(({ name }) => name === "outbox.salvaged");
  };
  await until(isDone);
  const vitals = pipeline.vitals(false);
  await pipeline.stop();
  await Promise.all([cloud.client.endAsync(true), broker.close()]);
  const gaps = cloud.frames
    .flatMap(({ records }) => records)
    .flatMap((record) => (record.kind === "gap" ? [record] : []));
  return { stored: new Set(cloud.readings.map(keyOf)), gaps, events: events.map(({ name }) => name), vitals };
}

const damages: [what: string, most: number, damage: (file: string) => void][] = [
  ["bytes in the body of an old frame", 1_260, (file) => overwrite(file, nth(file, 0.2) + 300, 64)],
  ["bytes in the body of a middle frame", 1_260, (file) => overwrite(file, nth(file, 0.5) + 300, 64)],
  ["bytes in the body of the newest frame", 1_260, (file) => overwrite(file, nth(file, 0.999) + 300, 64)],
  [
    "the header of a page of frames",
    3 * 1_260,
    (file) => overwrite(file, Math.floor(nth(file, 0.5) / PAGE) * PAGE, 100),
  ],
  [
    "a whole page of frames",
    3 * 1_260,
    (file) => overwrite(file, Math.floor(nth(file, 0.7) / PAGE) * PAGE, PAGE),
  ],
];
test.each(damages)(
  "an outbox with %s overwritten starts, loses no more than that, and says what it lost",
  async (_what, most, damage) => {
    const folder = scratch();
    const file = path.join(folder, "state", "outbox.db");
    const { readings, epoch } = await fill(file);
    damage(file);
    const { stored, gaps, events, vitals } = await sentAfterStart(folder);
    expect(events).toContain("outbox.salvaged");
    expect(vitals.epoch).not.toBe(epoch);
    const missing = readings.filter((reading) => !stored.has(keyOf(reading)));
    expect(missing.length).toBeGreaterThan(0);
    expect(missing.length).toBeLessThanOrEqual(most);
    for (const { at } of missing) expect(gaps.some(({ from, to }) => at >= from && at <= to)).toBe(true);
    expect(gaps.reduce((sum, { count }) => sum + count, 0)).toBe(missing.length);
    expect(fs.readdirSync(path.dirname(file)).filter((name) => name.endsWith("corrupt-1"))).toHaveLength(1);
    expect(vitals).toMatchObject({ set: 6, apply: { highest: 6 } });
  },
);

test("an outbox whose schema page is overwritten loses no reading and no set", async () => {
  const folder = scratch();
  const file = path.join(folder, "state", "outbox.db");
  const { readings } = await fill(file);
  overwrite(file, 0, PAGE);
  const { stored, gaps, vitals } = await sentAfterStart(folder);
  expect(readings.filter((reading) => !stored.has(keyOf(reading)))).toEqual([]);
  expect(gaps).toEqual([]);
  expect(vitals).toMatchObject({ set: 6, apply: { highest: 6 } });
});

test("where the file cannot tell how far it went, the cloud hears of a gap that ends now", async () => {
  const folder = scratch();
  const file = path.join(folder, "state", "outbox.db");
  const { readings } = await fill(file);
  overwrite(file, PAGE, PAGE); // page 2: the table of counts
  const { stored, gaps } = await sentAfterStart(folder);
  expect(readings.filter((reading) => !stored.has(keyOf(reading)))).toEqual([]);
  const newest = Math.max(...readings.map(({ at }) => at));
  expect(gaps.some(({ from, to }) => from <= newest && to >= newest && Number.isFinite(to))).toBe(true);
});

test("a file cut in half is salvaged as far as it goes", async () => {
  const folder = scratch();
  const file = path.join(folder, "state", "outbox.db");
  const { readings } = await fill(file);
  fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2 / PAGE) * PAGE);
  const { stored, events } = await sentAfterStart(folder);
  expect(events).toContain("outbox.salvaged");
  expect(stored.size).toBeLessThan(readings.length);
});

test("a file that is no database at all is put aside, and the agent runs", async () => {
  const folder = scratch();
  const file = path.join(folder, "state", "outbox.db");
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(file, "this is not a database ".repeat(1_000));
  const { config } = configIn(folder, 1, 1);
  const { pipeline, events } = await startInProcess(config);
  expect(events.map(({ name }) => name)).toContain("outbox.salvaged");
  expect(pipeline.vitals(false).set).toBe(0);
  await pipeline.stop();
  expect(fs.readFileSync(`${file}.corrupt-1`, "utf8")).toMatch(/^this is not a database/);
});

test("a salvage that was interrupted begins again from the file that was put aside", async () => {
  const folder = scratch();
  const file = path.join(folder, "state", "outbox.db");
  const { readings } = await fill(file);
  overwrite(file, nth(file, 0.999) + 300, 64);
  const first = new LocalOutbox(file, limitsOf(configIn(folder, 1, 1).config));
  expect((await first.open()).salvage).toBeDefined();
  await first.salvaged();
  await first.close(); // killed before anything was rescued
  const { stored, gaps } = await sentAfterStart(folder);
  expect(stored.size + gaps.reduce((sum, { count }) => sum + count, 0)).toBe(readings.length);
});

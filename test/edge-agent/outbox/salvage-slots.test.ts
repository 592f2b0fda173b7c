import * as path from "node:path";
import { decodeFrame } from "@plumbline/twin/contract/frame-codec";
import { encodeParameterSet } from "@plumbline/twin/contract/parameter-set";
import { expect, test } from "vitest";
import { openFile } from "../../../edge-agent/src/outbox/sqlite-file.ts";
import { scratch } from "../support/agents.ts";
import { Bench, limits, lineReadings } from "../support/journals.ts";
import { publishable, WORN } from "../support/sets.ts";

const NOW = Date.UTC(2026, 5, 1);

/** Set 6 was committed, set 5 stands behind it; then `damage` is done to the file. */
async function fillThen(damage: string): Promise<string> {
  const file = path.join(scratch(), "outbox.db");
  const bench = await Bench.open(file);
  const readings = lineReadings(60 * 20, 21, () => WORN);
  bench.record({ kind: "trial", set: encodeParameterSet(publishable(6)), kid: "k", at: readings[0]!.at });
  for (const reading of readings) bench.feed(reading);
  await bench.commit();
  expect(bench.station.desk.incumbent.version).toBe(6);
  const previous = { version: 5, body: encodeParameterSet(publishable(5)) };
  const note = { kind: "note", slots: [{ name: "previous", content: previous }] } as const;
  await bench.outbox.append({ steps: [note], rejected: [], lost: [] });
  await bench.outbox.close();
  const db = openFile(file, limits.capBytes);
  db.exec(damage);
  db.close();
  return file;
}

const cases: [what: string, damage: string, fallback: number][] = [
  ["a damaged incumbent", "UPDATE slots SET body = body || 'x' WHERE name = 'incumbent'", 5],
  ["a vanished incumbent", "DELETE FROM slots WHERE name = 'incumbent'", 5],
  ["no slot left to read", "UPDATE slots SET body = body || 'x'", 0],
];
test.each(cases)(
  "with %s the set before comes into force, and the agent says so and takes the lost set again",
  async (_what, damage, fallback) => {
    const file = await fillThen(damage);
    const bench = await Bench.open(file);
    const { desk } = bench.station;
    expect(bench.opened.salvage).toBeDefined();
    expect(desk.incumbent.version).toBe(fallback);
    await bench.outbox.append({ steps: bench.station.moveIn(NOW), rejected: [], lost: [] });
    expect(bench.events).toContainEqual({ name: "parameters.reverted", version: 6, reason: "slot damaged" });
    expect(desk.reported("nonce").report).toMatchObject({
      version: 6,
      state: "reverted",
      reason: "slot damaged",
    });
    expect(desk.isJudged({ version: 5, digest: "d" })).toBe(true);
    expect(desk.isJudged({ version: 6, digest: "d" })).toBe(false);
    await bench.outbox.salvageDone();
    await bench.outbox.close();

    const again = await Bench.open(file);
    expect(again.opened.salvage).toBeUndefined();
    expect(again.station.desk.incumbent.version).toBe(fallback);
    again.seal();
    await again.commit();
    const records = (await again.outbox.take(0, 10)).flatMap(({ bytes }) => decodeFrame(bytes).records);
    const decision = { kind: "decision", at: NOW, outcome: "reverted", version: 6, reason: "slot damaged" };
    expect(records).toContainEqual(decision);
    again.record({ kind: "trial", set: encodeParameterSet(publishable(6)), kid: "k", at: NOW });
    expect(again.station.desk.candidate?.version).toBe(6);
    await again.outbox.close();
  },
);

test.each([
  ["in the open journal", false],
  ["in a sealed frame", true],
])("a trial that began %s begins again in the new file", async (_where, isSealed) => {
  const file = path.join(scratch(), "outbox.db");
  const bench = await Bench.open(file);
  bench.record({ kind: "trial", set: encodeParameterSet(publishable(6)), kid: "k", at: NOW });
  await bench.commit();
  if (isSealed) bench.seal();
  await bench.commit();
  await bench.outbox.close();
  const db = openFile(file, limits.capBytes);
  db.exec("UPDATE meta SET value = value || '0' WHERE key = 'total'");
  db.close();

  const again = await Bench.open(file);
  expect(again.opened.salvage).toBeDefined();
  await again.outbox.append({ steps: again.station.moveIn(NOW), rejected: [], lost: [] });
  for (const entry of (await again.outbox.salvaged()).entries) again.record(entry);
  expect(again.station.desk.candidate?.version).toBe(6);
  expect(again.station.desk.kids.candidate).toBe("k");
  await again.outbox.close();
});

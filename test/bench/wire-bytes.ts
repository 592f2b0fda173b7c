import { encodeFrame } from "@plumbline/twin/contract/frame-codec";
import { propertyAlias } from "@plumbline/twin/definition/properties";
import { webLine } from "@plumbline/twin/definition/web-line";
import { type Bench, benchRow } from "./row.ts";
import { lineRows, toReadings } from "./web-line-readings.ts";

const ROWS_PER_FRAME = 60;
const FRAMES = 20;

/** Bytes per reading of full frames, against the BatchPutAssetPropertyValue JSON of the same readings (10 × 10, uncompressed). */
export const wireBytes: Bench = {
  name: "wire-bytes",
  run: () => {
    const rows = lineRows(ROWS_PER_FRAME * FRAMES, (row) => Math.min(0.2, row * 2e-4), 2);
    const resolutionOf = (id: string): number =>
      webLine.signals.find((signal) => signal.id === id)?.resolution ?? 1;
    let framed = 0;
    for (let frame = 0; frame < FRAMES; frame++) {
      const readings = toReadings(rows.slice(frame * ROWS_PER_FRAME, (frame + 1) * ROWS_PER_FRAME));
      framed += encodeFrame(
        {
          thing: "gateway-1",
          instance: "line-1",
          epoch: "00112233aabbccdd",
          sequence: frame + 1,
          span: [readings[0]?.at ?? 0, readings.at(-1)?.at ?? 0],
          twin: { id: webLine.id, version: webLine.version },
          filter: "f".repeat(64),
          set: 3,
          start: "0".repeat(64),
          readings,
          records: [],
        },
        resolutionOf,
      ).length;
    }
    const readings = toReadings(rows);
    const entries = readings.map(({ signal, at, value }, index) => ({
      entryId: String(index % 10),
      propertyAlias: propertyAlias("gateway-1", "line-1", "measured", signal),
      propertyValues: [
        {
          value: { doubleValue: value },
          timestamp: { timeInSeconds: Math.floor(at / 1000), offsetInNanos: (at % 1000) * 1e6 },
          quality: "GOOD",
        },
      ],
    }));
    // Ten values of one property share an entry, as the service's limits allow: the fair form of the JSON.
    const shared =
      JSON.stringify(entries[0]?.propertyValues[0]).length +
      1 +
      JSON.stringify({ ...entries[0], propertyValues: [] }).length / 10;
    return benchRow("wire-bytes", "bytes/reading", framed / readings.length, shared, "lower", 0.02);
  },
};

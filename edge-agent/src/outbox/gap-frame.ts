import type { FrameRecord, GapRecord } from "@plumbline/twin/contract/frame";
import { decodeFrame, encodeFrame } from "@plumbline/twin/contract/frame-codec";
import type { Reading } from "@plumbline/twin/contract/reading";

/** Above this one record speaks for all signals. */
const MAX_SIGNALS = 64;

/**
 * What takes the place of a frame whose readings had to go: the same sequence and span, its alarms and decisions kept,
 * and a gap record for each signal. So the chain stays contiguous and the acknowledgement never sticks.
 */
export function gapFrame(bytes: Uint8Array): Uint8Array {
  const { readings, checkpoint: _dropped, ...frame } = decodeFrame(bytes);
  const kept = frame.records.map((record) => (record.kind === "alarm" ? { ...record, after: 0 } : record));
  const records: FrameRecord[] = [...kept, ...gaps(readings)];
  return encodeFrame({ ...frame, readings: [], records }, () => 1);
}

function gaps(readings: readonly Reading[]): GapRecord[] {
  const bySignal = new Map<string, { from: number; to: number; count: number }>();
  for (const { signal, at } of readings) {
    const gap = bySignal.get(signal) ?? { from: at, to: at, count: 0 };
    bySignal.set(signal, { from: Math.min(gap.from, at), to: Math.max(gap.to, at), count: gap.count + 1 });
  }
  const all = [...bySignal].map(
    ([signal, gap]): GapRecord => ({ kind: "gap", signal, ...gap, reason: "overflow" }),
  );
  if (all.length <= MAX_SIGNALS) return all;
  const from = Math.min(...all.map((gap) => gap.from));
  const to = Math.max(...all.map((gap) => gap.to));
  return [{ kind: "gap", from, to, count: readings.length, reason: "overflow" }];
}

import { Assimilator } from "@plumbline/twin/calibration/assimilator";
import type { PosteriorPoint } from "@plumbline/twin/calibration/posterior";
import type { EvidenceRow, Refusal } from "@plumbline/twin/calibration/rows";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { TwinError } from "@plumbline/twin/errors";
import { getJson } from "../store/json-object.ts";
import { checkpointKey } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { CheckpointEntry, PosteriorHead } from "../store/posterior-head.ts";

/** Rows between two saved states: what a late reading costs at least. */
const SAVE_EVERY = 96;

/** The newest saved state that nothing new reaches back to; undefined: begin from the prior. */
export const startingPoint = (
  { checkpoints }: Pick<PosteriorHead, "checkpoints">,
  dirty: number,
): CheckpointEntry | undefined => checkpoints.find(({ at }) => at < dirty);

export interface Estimate {
  readonly assimilator: Assimilator;
  readonly trace: readonly PosteriorPoint[];
  /** Rows that no explanation reaches: time passed, nothing was learnt. */
  readonly refused: readonly Refusal[];
  readonly saved: readonly { readonly at: number; readonly checkpoint: string }[];
  /** Of this run alone. */
  readonly modelRuns: number;
  readonly points: number;
}

export async function assimilatorAt(
  objects: ObjectStore,
  head: PosteriorHead,
  definition: TwinDefinition,
  start: CheckpointEntry | undefined,
): Promise<Assimilator> {
  if (!start) return Assimilator.start(definition);
  const key = checkpointKey(head.thing, head.instance, start.id);
  const found = await getJson<{ checkpoint: string }>(objects, key);
  if (found) return Assimilator.restore(definition, found.value.checkpoint);
  throw new TwinError(
    "POSTERIOR_INCOMPLETE",
    `checkpoint ${key} is missing`,
    "delete the posterior's current.json to rebuild it from the archive",
  );
}

/** Assimilates rows in order. `between` is called now and then, so that a long run keeps its lease. */
export async function estimate(
  assimilator: Assimilator,
  rows: readonly EvidenceRow[],
  between: () => Promise<void>,
): Promise<Estimate> {
  const before = { modelRuns: assimilator.modelRuns, points: assimilator.points };
  const trace: PosteriorPoint[] = [];
  const refused: Refusal[] = [];
  const saved: { at: number; checkpoint: string }[] = [];
  for (const [index, row] of rows.entries()) {
    const point = assimilateOrRefuse(assimilator, row, refused);
    if (point) trace.push(point);
    if ((index + 1) % SAVE_EVERY !== 0 && index + 1 < rows.length) continue;
    saved.push({ at: row.at, checkpoint: assimilator.checkpoint() });
    await between();
  }
  return {
    assimilator,
    trace,
    refused,
    saved,
    modelRuns: assimilator.modelRuns - before.modelRuns,
    points: assimilator.points - before.points,
  };
}

/** One row that cannot be believed must not stop a machine's job for ever: it is refused, as a reading is. */
function assimilateOrRefuse(
  assimilator: Assimilator,
  row: EvidenceRow,
  refused: Refusal[],
): PosteriorPoint | undefined {
  try {
    return assimilator.assimilate(row);
  } catch (error) {
    if (!(error instanceof TwinError && error.code === "BAD_ROW")) throw error;
    refused.push({ at: row.at, reason: "bad", detail: error.message });
    return assimilator.assimilate({ at: row.at, values: row.values.map(() => Number.NaN), inMode: false });
  }
}

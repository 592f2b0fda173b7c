import type { GapRecord } from "@plumbline/twin/contract/frame";
import type { Clock } from "./clock.ts";
import type { Mark } from "./counts.ts";
import type { EdgeEvent } from "./events.ts";
import type { Intake } from "./intake.ts";
import type { GroupCommit } from "./outbox/group-commit.ts";
import type { Opened, Outbox } from "./outbox/outbox.ts";
import type { Station } from "./station.ts";

interface NewHome {
  readonly station: Station;
  readonly intake: Intake;
  readonly commit: Pick<GroupCommit<Mark>, "settle">;
}

/** A damaged file was put aside: what could be read of it goes through the same stages into the new one. */
export async function moveIn(
  salvage: NonNullable<Opened["salvage"]>,
  { station, intake, commit }: NewHome,
  {
    outbox,
    clock,
    tell,
  }: { readonly outbox: Outbox; readonly clock: Pick<Clock, "now">; tell(event: EdgeEvent): void },
): Promise<void> {
  intake.steps(station.moveIn(clock.now()));
  let frames = 0;
  let missingFrames = 0;
  let readings = 0;
  for (let done = false; !done; ) {
    const part = await outbox.salvaged();
    for (const entry of part.entries) {
      const now = Math.max(station.newest ?? 0, clock.now());
      intake.record(entry.kind === "gap" ? { kind: "gap", record: endingBy(entry.record, now) } : entry);
    }
    await commit.settle();
    frames += part.frames;
    missingFrames += part.missingFrames;
    readings += part.entries.filter(({ kind }) => kind === "reading").length;
    done = part.done;
  }
  await outbox.salvageDone();
  tell({
    name: "outbox.salvaged",
    quarantine: salvage.quarantine,
    frames,
    readings,
    missingFrames,
    why: salvage.why,
  });
}

/** A gap without a known end ends now: nothing later can be missing. */
const endingBy = (gap: GapRecord, now: number): GapRecord =>
  gap.to === Number.POSITIVE_INFINITY ? { ...gap, to: Math.max(gap.from, now) } : gap;

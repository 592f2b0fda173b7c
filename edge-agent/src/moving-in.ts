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
  { outbox, tell }: { readonly outbox: Outbox; tell(event: EdgeEvent): void },
): Promise<void> {
  intake.steps(station.moveIn());
  let frames = 0;
  let missingFrames = 0;
  let readings = 0;
  for (let done = false; !done; ) {
    const part = await outbox.salvaged();
    for (const record of part.gaps) intake.record({ kind: "gap", record });
    for (const reading of part.readings) intake.record({ kind: "reading", reading });
    await commit.settle();
    frames += part.frames;
    missingFrames += part.missingFrames;
    readings += part.readings.length;
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

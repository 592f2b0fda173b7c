import type { ReadingCount } from "./reading-count.ts";

/** What a demo run is judged by, against the simulator's own truth. */
export interface Scoreboard {
  /** Alarm after the wear began, a committed set, no chart alarm in the last days, nothing lost, nothing doubled, truth within its 99 % bands. */
  readonly loopClosed: boolean;
  readonly seed: number;
  readonly readings: ReadingCount;
  readonly alarmDay: number | null;
  readonly falseAlarms: number;
  readonly committedVersion: number;
  readonly recalibrations: {
    readonly run: number;
    readonly accepted: number;
    readonly rejected: number;
    readonly waited: number;
  };
  /** Days since the last chart alarm: the residual is back to noise. */
  readonly quietDays: number;
  readonly parameters: Readonly<Record<string, Judged>>;
  readonly restarts: Readonly<Record<string, number>>;
  readonly bytesPerReading: number;
}

export interface Judged {
  readonly truth: number;
  readonly inForce: number;
  readonly mean: number;
  readonly lower90: number;
  readonly upper90: number;
  readonly lower99: number;
  readonly upper99: number;
}

/** Quiet for so long at the end: the residual is noise again. */
const QUIET_DAYS = 2;

export function isClosed(board: Omit<Scoreboard, "loopClosed">): boolean {
  const { readings, alarmDay, committedVersion, quietDays, parameters } = board;
  const covered = Object.values(parameters).every(
    ({ truth, lower99, upper99 }) => lower99 <= truth && truth <= upper99,
  );
  return (
    alarmDay !== null &&
    committedVersion > 0 &&
    quietDays >= QUIET_DAYS &&
    readings.published > 0 &&
    readings.lost === 0 &&
    readings.duplicated === 0 &&
    covered
  );
}

/** The scoreboard for a person. */
export function printed(board: Scoreboard): string {
  const { readings, recalibrations, parameters } = board;
  const number = (value: number): string => value.toLocaleString("en-US");
  const rows = Object.entries(parameters).map(
    ([id, { truth, inForce, mean, lower90, upper90 }]) =>
      `  ${id}   truth ${truth.toFixed(4)}   in force ${inForce.toFixed(4)}   posterior ${mean.toFixed(4)}, 90 % in [${lower90.toFixed(4)}, ${upper90.toFixed(4)}]`,
  );
  return [
    `  readings   published ${number(readings.published)}, stored ${number(readings.stored)}, lost ${readings.lost}, duplicated ${readings.duplicated}, ${board.bytesPerReading.toFixed(2)} bytes each on the wire`,
    `  alarm      day ${board.alarmDay?.toFixed(2) ?? "never"}, ${board.falseAlarms} before it; quiet for the last ${board.quietDays.toFixed(1)} days`,
    `  loop       ${recalibrations.run} recalibrations: ${recalibrations.accepted} accepted, ${recalibrations.rejected} rejected, ${recalibrations.waited} waited; set ${board.committedVersion} in force`,
    ...rows,
    `  ${board.loopClosed ? "the loop closed" : "THE LOOP DID NOT CLOSE"}`,
  ].join("\n");
}

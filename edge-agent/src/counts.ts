/** What became of the messages since this process started: received = committed + duplicate + rejected + lost + in flight. */
export interface Counts {
  received: number;
  committed: number;
  /** The same reading again. */
  duplicate: number;
  /** Could not be read; kept aside with a reason. */
  rejected: number;
  /** Turned away by the overflow policy drop-newest; told in a gap record. */
  lost: number;
}
export const noCounts = (): Counts => ({ received: 0, committed: 0, duplicate: 0, rejected: 0, lost: 0 });

/** The agent's numbers at one instant of the journal: taken when work was added, published when it is on disk. */
export interface Mark {
  readonly counts: Omit<Counts, "received">;
  readonly lastEventTime: number | null;
  /** Readings in the journal, not sealed yet. */
  readonly journal: number;
  readonly set: number;
  readonly trial: number | null;
  readonly held: number | null;
  readonly highest: number | null;
  readonly meanNis: number | null;
}

import type { Outbox } from "./outbox.ts";

/** What passes between the agent and the thread that owns the SQLite file. */
export type Call = {
  [Name in keyof Outbox]: { readonly name: Name; readonly args: Parameters<Outbox[Name]> };
}[keyof Outbox];

export interface Request {
  readonly id: number;
  readonly call: Call;
}
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retry: "never" | "later" | "now";
}
export type Response =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly failure: Failure };

/** Given to the worker when it starts. */
export interface WorkerData {
  readonly file: string;
  readonly limits: {
    readonly capBytes: number;
    readonly overflow: "drop-oldest" | "drop-newest" | "refuse";
    readonly identityHorizon: number;
  };
}

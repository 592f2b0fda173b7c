/**
 * What went wrong, for three readers: the person on call (`message`, `hint`), a program (`code`), a retry loop (`retry`).
 *
 * A message says what happened and gives the value; the hint says what would be accepted and the next step.
 */
export type Retry = "never" | "later" | "now";

/** Every error that Plumbline throws on purpose. `code` is stable across releases; names and messages are not. */
export class TwinError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly retry: Retry;

  constructor(code: string, message: string, hint: string, options: { retry?: Retry; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TwinError";
    this.code = code;
    this.hint = hint;
    this.retry = options.retry ?? "never";
  }

  override toString(): string {
    return `${this.code}: ${this.message}\n  → ${this.hint}`;
  }
}

/** One thing wrong with something a person wrote: where, what was found, what would do. */
export interface Fault {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/** Bad input told whole: every fault at once, so that nobody mends one only to meet the next. */
export class FaultsError extends TwinError {
  readonly faults: readonly Fault[];

  constructor(code: string, what: string, faults: readonly Fault[], hint: string) {
    const lines = faults.map(({ path, found, expected }) => `\n  ${path}: ${found}; expected ${expected}`);
    super(
      code,
      `${what} has ${faults.length} fault${faults.length === 1 ? "" : "s"}:${lines.join("")}`,
      hint,
    );
    this.name = "FaultsError";
    this.faults = faults;
  }
}

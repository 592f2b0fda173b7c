import { TwinError } from "@plumbline/twin/errors";

/** The error that a call throws: its code and its text, so that a test names both. */
export function refusal(call: () => unknown): {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
} {
  try {
    call();
  } catch (error) {
    if (error instanceof TwinError) return { code: error.code, message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error("nothing was refused");
}

import { TwinError } from "../errors.ts";

/** Why a solver gave up. */
export type FailureReason =
  /** The error test asks for steps below the resolution of time. */
  | "step-too-small"
  | "too-many-steps"
  /** Events follow each other without end, such as a ball coming to rest. */
  | "too-many-events"
  /** The derivative threw or was not finite at the starting point, or however short the step. */
  | "model-failed";

/** A run that did not reach its end: a failed model run, to be counted, never a truncated trajectory. */
export class IntegrationError extends TwinError {
  readonly reason: FailureReason;
  /** How far the run had come, and the step that was tried there. */
  readonly time: number;
  readonly step: number;

  constructor(reason: FailureReason, time: number, step: number, detail: string, cause?: unknown) {
    super(
      "INTEGRATION_FAILED",
      `${reason} at time ${time} with step ${step}: ${detail}`,
      HINTS[reason],
      cause === undefined ? {} : { cause },
    );
    this.name = "IntegrationError";
    this.reason = reason;
    this.time = time;
    this.step = step;
  }
}

const HINTS: Readonly<Record<FailureReason, string>> = {
  "step-too-small":
    "look for a singularity or an unlisted discontinuity there; a looser tolerance or method: stiff may pass it",
  "too-many-steps": "use method: stiff or auto, loosen the tolerance, or raise maxSteps",
  "too-many-events": "let an event end the run once its effect is too small to matter, or raise maxEvents",
  "model-failed": "narrow the parameters to where the model is defined, or mend the model",
};

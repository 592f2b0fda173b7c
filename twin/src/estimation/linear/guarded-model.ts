import { TwinError } from "../../errors.ts";
import type { LinearModel } from "./model.ts";

/**
 * The same model, with what its own code throws told as the model's failure; a TwinError passes as it is.
 * @throws {TwinError} MODEL_FAILED, from `transition` and `observation`.
 */
export function guardedModel(model: LinearModel): LinearModel {
  const { states, outputs, start } = model;
  return {
    states,
    outputs,
    start,
    transition: (elapsed, step) => {
      try {
        return given(model.transition(elapsed, step));
      } catch (error) {
        throw modelFailed("transition", step, error);
      }
    },
    observation: (step) => {
      try {
        return given(model.observation(step));
      } catch (error) {
        throw modelFailed("observation", step, error);
      }
    },
  };
}

function given<T extends object>(answer: T): T {
  if (typeof answer === "object" && answer !== null) return answer;
  throw new TypeError(`it returned ${String(answer)}`);
}

function modelFailed(what: string, step: number, cause: unknown): TwinError {
  if (cause instanceof TwinError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new TwinError(
    "MODEL_FAILED",
    `the model's ${what} at reading ${step} failed: ${message}`,
    "a model answers with matrices for every elapsed time and step, the rows of a forecast included",
    { cause },
  );
}

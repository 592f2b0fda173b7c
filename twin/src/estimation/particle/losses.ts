import { TwinError } from "../../errors.ts";

/** Model calls that failed, each at the cost of its particle. */
export class Losses {
  count = 0;
  #first: TwinError | undefined;

  /** What the first of the failures was; undefined while there was none. */
  get reason(): string | undefined {
    return this.#first?.message;
  }

  get error(): TwinError | undefined {
    return this.#first;
  }

  /** @param cause what was thrown, or what came back in words. */
  tell(call: string, state: Float64Array, cause: unknown): void {
    this.count++;
    if (this.#first) return;
    this.#first =
      cause instanceof TwinError
        ? cause
        : new TwinError(
            "MODEL_FAILED",
            `${call} ${cause instanceof Error ? `threw ${cause.message}` : cause} at the state (${state.join(", ")})`,
            "a particle whose model call fails counts as impossible, and the belief is unchanged when all are: widen the model's domain or the start",
            { cause },
          );
  }

  add(other: Losses): void {
    this.count += other.count;
    this.#first ??= other.#first;
  }
}

import type { Frame } from "@plumbline/twin/contract/frame";

/** A checkpoint is begun in every so many frames. */
export const CHECKPOINT_EVERY = 16;
/** Characters a frame carries; digits deflate to less than half of it. */
const SLICE = 1_000;

/** A state on its way: plain JSON. */
export interface SlicesState {
  /** The observer's start state of the frame that carries part 0; null: nothing on its way. */
  readonly text: string | null;
  readonly next: number;
  /** A checkpoint must begin with the next frame: restart, gap, or a set that came into force. */
  readonly due: boolean;
}

/** Which slice of the observer's state each frame carries. */
export class CheckpointSlices {
  #state: SlicesState;

  constructor(state: SlicesState = { text: null, next: 0, due: true }) {
    this.#state = state;
  }

  demand(): void {
    this.#state = { ...this.#state, due: true };
  }

  /** The slice for a frame that starts from `snapshot`. */
  slice(sequence: number, snapshot: string): NonNullable<Frame["checkpoint"]> | undefined {
    const idle = this.#state.text === null;
    if (this.#state.due || (idle && sequence % CHECKPOINT_EVERY === 1))
      this.#state = { text: snapshot, next: 0, due: false };
    const { text, next } = this.#state;
    if (text === null) return undefined;
    const of = Math.ceil(text.length / SLICE);
    return { part: next, of, text: text.slice(next * SLICE, (next + 1) * SLICE) };
  }

  /** The frame went out with its slice (or could not carry it: then the checkpoint begins again). */
  sealed(carried: boolean): void {
    const { text, next } = this.#state;
    if (text === null) return;
    if (!carried) this.#state = { text: null, next: 0, due: true };
    else if ((next + 1) * SLICE >= text.length) this.#state = { text: null, next: 0, due: false };
    else this.#state = { text, next: next + 1, due: false };
  }

  state(): SlicesState {
    return this.#state;
  }
}

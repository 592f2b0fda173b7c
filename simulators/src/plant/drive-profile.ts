/** A planned stop, seconds since row 0. */
export interface StopWindow {
  readonly from: number;
  readonly to: number;
}

/** Rise after a standstill and fall into one, s. */
const RAMP_UP_SECONDS = 60;
const RAMP_DOWN_SECONDS = 20;

/** Cubic ease: no jump in speed, none in slope. */
const ease = (x: number): number => {
  const clipped = Math.min(Math.max(x, 0), 1);
  return clipped * clipped * (3 - 2 * clipped);
};

/**
 * Relative line speed over time: rest at 0, start-up, running, an optional stop that begins its ramp at `from` and starts
 * up again at `to`.
 */
export class DriveProfile {
  readonly #stop: StopWindow | undefined;
  /** Instants at which a ramp begins or ends: integration never steps across one. */
  readonly corners: readonly number[];

  constructor(stop: StopWindow | undefined) {
    this.#stop = stop;
    const ramps =
      stop === undefined
        ? []
        : [stop.from, stop.from + RAMP_DOWN_SECONDS, stop.to, stop.to + RAMP_UP_SECONDS];
    this.corners = [RAMP_UP_SECONDS, ...ramps];
  }

  /** 0 at rest, 1 running. */
  at(seconds: number): number {
    const start = ease(seconds / RAMP_UP_SECONDS);
    if (this.#stop === undefined) return start;
    const fall = ease((seconds - this.#stop.from) / RAMP_DOWN_SECONDS);
    const rise = ease((seconds - this.#stop.to) / RAMP_UP_SECONDS);
    return start * (1 - fall + rise);
  }
}

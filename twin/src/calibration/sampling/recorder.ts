import { Matrix } from "../../linear-algebra/matrix.ts";

/**
 * The paths of an ensemble's walkers in natural coordinates, within bounded memory: when full, every second draw is dropped
 * and from then on only every second one kept.
 */
export class Recorder {
  readonly #paths: Float64Array[][];
  readonly #capacity: number;
  #interval = 1;
  #offered = 0;
  #length = 0;

  constructor(walkers: number, unknowns: number, capacity: number) {
    this.#capacity = 2 * Math.ceil(capacity / 2);
    this.#paths = Array.from({ length: walkers }, () =>
      Array.from({ length: unknowns }, () => new Float64Array(this.#capacity)),
    );
  }

  /** Draws kept of each walker. */
  get length(): number {
    return this.#length;
  }

  offer(points: readonly Float64Array[]): void {
    if (this.#offered++ % this.#interval > 0) return;
    if (this.#length === this.#capacity) this.#halve();
    points.forEach((point, walker) => {
      this.#paths[walker]?.forEach((path, unknown) => {
        path[this.#length] = point[unknown] as number;
      });
    });
    this.#length++;
  }

  #halve(): void {
    for (const path of this.#paths.flat())
      for (let index = 0; index < this.#capacity / 2; index++) path[index] = path[2 * index] as number;
    this.#length = this.#capacity / 2;
    this.#interval *= 2;
    // The draw at hand is the first of a new pair, as the kept ones were.
    this.#offered = 1;
  }

  /** One unknown's path of each walker. */
  paths(unknown: number): Float64Array[] {
    return this.#paths.map((walker) => (walker[unknown] as Float64Array).subarray(0, this.#length));
  }

  /** One draw a row: the whole path of the first walker, then of the second. */
  draws(): Matrix {
    const unknowns = this.#paths[0]?.length ?? 0;
    const draws = new Matrix(this.#length * this.#paths.length, unknowns);
    this.#paths.forEach((walker, index) => {
      walker.forEach((path, unknown) => {
        for (let draw = 0; draw < this.#length; draw++)
          draws.set(index * this.#length + draw, unknown, path[draw] as number);
      });
    });
    return draws;
  }
}

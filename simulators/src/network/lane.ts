import type { Socket } from "node:net";

/** How bytes travel in one direction. */
export interface LaneShape {
  /** Delay of every byte, ms. */
  readonly latencyMs: number;
  /** Bytes per second; 0 = without limit. */
  readonly bytesPerSecond: number;
  readonly flow: "pass" | "hold" | "eat";
}

/** Bytes under way in one lane before its sender is made to wait, as a full TCP window would. */
const MOST_UNDER_WAY = 65_536;

/**
 * One direction of a proxied connection. Order is kept whatever the shape; `hold` leaves bytes in the sender's kernel,
 * as a network that drops packets does until it heals; `eat` throws them away.
 */
export class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #shape: () => LaneShape;
  #freeAt = 0;
  #underWay = 0;
  /** Deliveries on a timer. */
  #pending = 0;
  #ended = false;
  #carried = 0;
  #eaten = 0;

  constructor(from: Socket, to: Socket, shape: () => LaneShape) {
    this.#from = from;
    this.#to = to;
    this.#shape = shape;
    from.on("data", (bytes) => this.#take(bytes));
    from.on("end", () => this.#end());
    to.on("drain", () => this.regulate());
    this.regulate();
  }

  get carried(): number {
    return this.#carried;
  }

  get eaten(): number {
    return this.#eaten;
  }

  /** Lets the sender go on, or makes it wait: to be called when the shape has changed. */
  regulate(): void {
    const full = this.#underWay >= MOST_UNDER_WAY || this.#to.writableNeedDrain;
    if (this.#shape().flow === "hold" || full) this.#from.pause();
    else this.#from.resume();
  }

  #take(bytes: Buffer): void {
    const { flow, latencyMs, bytesPerSecond } = this.#shape();
    if (flow === "eat") {
      this.#eaten += bytes.length;
      return;
    }
    const now = performance.now();
    const spent = bytesPerSecond > 0 ? (bytes.length / bytesPerSecond) * 1_000 : 0;
    this.#freeAt = Math.max(now, this.#freeAt) + spent;
    this.#underWay += bytes.length;
    this.#later(this.#freeAt + latencyMs - now, () => {
      this.#underWay -= bytes.length;
      this.#carried += bytes.length;
      if (!this.#to.destroyed) this.#to.write(bytes);
      if (this.#ended && this.#underWay === 0) this.#to.end();
      this.regulate();
    });
    this.regulate();
  }

  #end(): void {
    this.#ended = true;
    if (this.#underWay === 0) this.#to.end();
  }

  /** At once when there is no delay and nothing before it. */
  #later(delayMs: number, deliver: () => void): void {
    if (delayMs <= 0 && this.#pending === 0) {
      deliver();
      return;
    }
    this.#pending += 1;
    setTimeout(
      () => {
        this.#pending -= 1;
        deliver();
      },
      Math.max(delayMs, 0),
    );
  }
}

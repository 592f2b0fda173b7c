import { checkedChoice } from "../../choice.ts";
import { TwinError } from "../../errors.ts";
import { checkedPositive } from "./arrays.ts";

export interface AdaptiveOptions {
  /**
   * Which noise follows the innovations. Their variance alone cannot tell the two apart, so the other one must be known:
   * R from a data sheet, or Q from the physics.
   */
  readonly noise: "observation" | "process";
  /** Memory, in readings. */
  readonly window: number;
  /** Bounds of the factor on the model's own noise; [0.1, 10] when absent. */
  readonly bounds?: readonly [number, number];
}

/** Factors on the noises of a model as one series goes by. */
export class AdaptiveNoise {
  /** On R, one per output. */
  readonly observation: Float64Array;
  readonly #options: AdaptiveOptions;
  readonly #low: number;
  readonly #high: number;
  #process = 1;

  /**
   * Follows, with exponential forgetting b = 1/window and always within bounds:
   *
   *     R: factor ← (1 − b) factor + b (e² + zᵀP⁺z)/r,  e = y − zᵀm⁺ the residual after the update
   *     Q: ln factor ← ln factor + b (v²/F − 1),  v the innovation
   *
   * The first is an average of positive terms with expectation r; the second stops where innovations are as large as
   * predicted. Outliers (weight < 1) teach nothing: combine with `gate` where there are any.
   *
   * @throws {TwinError} BAD_VALUE, BAD_OPTION.
   * @see Mehra (1972), IEEE Trans. Automatic Control 17(5); Sage & Husa (1969); Mohamed & Schwarz (1999), J. Geodesy 73.
   */
  constructor(options: AdaptiveOptions, outputs: number) {
    const [low, high] = options.bounds ?? [0.1, 10];
    checkedChoice(options.noise, ["observation", "process"], "the noise that adapts");
    checkedPositive(options.window, "the window");
    checkedPositive(low, "the lower bound");
    if (!(low <= 1 && high >= 1 && high < Number.POSITIVE_INFINITY))
      throw new TwinError(
        "BAD_VALUE",
        `the bounds are ${low} and ${high}`,
        "expected 0 < low ≤ 1 ≤ high < ∞",
      );
    this.#options = options;
    this.#low = low;
    this.#high = high;
    this.observation = new Float64Array(outputs).fill(1);
  }

  /** On Q. */
  get process(): number {
    return this.#process;
  }

  /** After a scalar: its innovation v and variance F, and `noise`, the model's own r. */
  learn(output: number, innovation: number, variance: number, noise: number): void {
    const rate = 1 / this.#options.window;
    if (this.#options.noise === "process") {
      const surprise = (innovation / variance) * innovation - 1;
      this.#process = this.#bounded(this.#process * Math.exp(rate * surprise));
      return;
    }
    if (!(noise > 0)) return;
    const current = (this.observation[output] as number) * noise;
    const residual = (innovation * current) / variance;
    const left = ((variance - current) * current) / variance;
    const factor = (residual * residual + left) / noise;
    this.observation[output] = this.#bounded(
      (1 - rate) * (this.observation[output] as number) + rate * factor,
    );
  }

  #bounded(factor: number): number {
    return Math.min(Math.max(factor, this.#low), this.#high);
  }
}

import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import type { LeastSquaresFit } from "./fit-report.ts";
import { type Descent, descend } from "./levenberg-marquardt.ts";
import { columnNorms, LocalModel } from "./local-model.ts";
import { ModelResiduals } from "./model-residuals.ts";
import type { ProfileStatistic } from "./profile-statistic.ts";
import { HeldCoordinate } from "./residual-system.ts";

/** A fit of all other parameters with one held, in the coordinates of the fit. */
export interface Place {
  readonly z: Float64Array;
  readonly rise: number;
  readonly sum: number;
  /** Part of the rise that the model's own noise can make. */
  readonly noise: number;
}

/** Why there is no fit: the model has no value at any start, or no descent came to an end. */
export type NoPlace = "the model fails" | "no fit of the other parameters converges";

/** Share of the threshold that a Gauss–Newton step may still promise at the end of a descent. */
const LEFT_OVER = 1e-3;

/** Fits of all other parameters with one coordinate held at given values. */
export class HeldFits {
  readonly system: ModelResiduals;
  readonly optimum: Place;
  readonly #index: number;
  readonly #statistic: ProfileStatistic;

  constructor(fit: LeastSquaresFit, index: number, statistic: ProfileStatistic) {
    this.#index = index;
    this.#statistic = statistic;
    this.system = new ModelResiduals(fit.problem, { tolerated: 1 });
    const z = this.system.coordinatesOf(fit.parameters);
    this.optimum = { z, rise: 0, sum: fit.residualSumOfSquares, noise: 0 };
  }

  coordinate({ z }: Place): number {
    return z[this.#index] as number;
  }

  /** The best fit over the starts, each with all coordinates; later ones are tried until one is `enough`. */
  best(
    coordinate: number,
    starts: readonly Float64Array[],
    enough: (place: Place) => boolean,
  ): Place | NoPlace {
    const held = new HeldCoordinate(this.system, this.#index, coordinate);
    let best: Place | undefined;
    let ran = false;
    for (const start of starts) {
      const descent = this.#descend(held, withoutEntry(start, this.#index));
      if (!descent) continue;
      ran = true;
      const place = this.#placeOf(held, descent);
      if (!place) continue;
      if (!best || place.rise < best.rise) best = place;
      if (enough(best)) break;
    }
    return best ?? (ran ? "no fit of the other parameters converges" : "the model fails");
  }

  /** Moves of all coordinates per unit of the held one along the tangent of the profile: −J_o⁺ J_j for the others. */
  tangent(): Float64Array {
    const { size, coordinates } = this.system;
    const whole = new Matrix(size, coordinates);
    const alone = Float64Array.from({ length: coordinates }, (_, index) => (index === this.#index ? 1 : 0));
    if (coordinates === 1 || !this.system.jacobian(this.optimum.z, "exact", whole)) return alone;
    const own = Float64Array.from({ length: size }, (_, row) => whole.get(row, this.#index));
    const others = Array.from(alone.keys()).filter((index) => index !== this.#index);
    const rest = columnsOf(whole, others);
    const { move } = new LocalModel(rest, own, columnNorms(rest), this.system.slopeError()).within(
      Number.POSITIVE_INFINITY,
    );
    others.forEach((index, position) => {
      alone[index] = move[position] as number;
    });
    return alone;
  }

  #descend(held: HeldCoordinate, start: Float64Array): Descent | undefined {
    const residuals = new Float64Array(held.size);
    if (!held.residuals(start, residuals)) return undefined;
    if (start.length === 0) return nothingToFit(residuals, this.system.noise(held.whole(start)));
    try {
      return descend(held, start);
    } catch (error) {
      if (error instanceof TwinError && error.code === "MODEL_FAILS") return undefined;
      throw error;
    }
  }

  /** Undefined when a Gauss–Newton step would still take more of the rise than does not matter. */
  #placeOf(held: HeldCoordinate, { z, residuals, jacobian, hidden }: Descent): Place | undefined {
    const sum = residuals.reduce((total, residual) => total + residual * residual, 0);
    const rise = this.#statistic.rise(sum);
    const noise = this.#statistic.rise(sum + hidden) - rise;
    const whole = held.whole(z).slice();
    const free = this.system.freeAt(this.system.theta(whole)).filter((index) => index !== this.#index);
    const columns = columnsOf(
      jacobian,
      free.map((index) => (index < this.#index ? index : index - 1)),
    );
    const { reachable } = new LocalModel(columns, residuals, columnNorms(columns), this.system.slopeError());
    const promised = rise - this.#statistic.rise(sum - reachable);
    if (!(promised <= LEFT_OVER * this.#statistic.threshold + noise)) return undefined;
    return { z: whole, rise, sum, noise };
  }
}

function nothingToFit(residuals: Float64Array, noise: number): Descent {
  const cost = residuals.reduce((total, residual) => total + residual * residual, 0);
  return {
    z: new Float64Array(0),
    residuals,
    cost,
    jacobian: new Matrix(residuals.length, 0),
    iterations: 0,
    reason: "nothing to fit",
    hidden: noise * (2 * Math.sqrt(cost) + noise),
  };
}

const withoutEntry = (values: Float64Array, left: number): Float64Array =>
  values.filter((_, index) => index !== left);

function columnsOf(matrix: Matrix, kept: readonly number[]): Matrix {
  const columns = new Matrix(matrix.rows, kept.length);
  kept.forEach((from, to) => {
    for (let row = 0; row < matrix.rows; row++) columns.set(row, to, matrix.get(row, from));
  });
  return columns;
}

import { TwinError } from "../../errors.ts";
import { Matrix, norm } from "../../linear-algebra/matrix.ts";
import { columnNorms, LocalModel, type Step } from "./local-model.ts";
import type { ResidualSystem, Slopes } from "./residual-system.ts";
import { lossOf, type RobustLoss, weightOf } from "./robust-loss.ts";

export interface DescentLimits {
  /** Default 1000. */
  readonly iterations?: number;
  /** Radius of the first step as a share of ‖D reach‖. Default 1: up to 100 % of a plain coordinate, e-fold of a logarithm. */
  readonly firstRadius?: number;
  readonly loss?: RobustLoss;
  /** The best slopes ever taken. Default "exact"; "quick" for a model whose runs are dear: half the digits. */
  readonly slopes?: Slopes;
}

/** Where a descent ended. */
export interface Descent {
  readonly z: Float64Array;
  readonly residuals: Float64Array;
  /** Σ ρ(r²); Σ r² without a robust loss. */
  readonly cost: number;
  /** ∂r/∂z at z, n × p, not reweighted. */
  readonly jacobian: Matrix;
  readonly iterations: number;
  /** Why the search ended; whether at an optimum is for the reader of the slopes to judge. */
  readonly reason: string;
  /** A change of the cost that the model's own noise can make at z. */
  readonly hidden: number;
}

/** Relative decrease below which the search hands over to the polish. */
const SMALL_DECREASE = 1e-10;
/** Relative decrease from which on slopes are worth all their digits. */
const NEAR = 1e-3;
const SMALLEST_RADIUS = 1e-15;
/** Where along a step the curvature is looked at, and the noise of r, as a share of the step's effect, that would hide it. */
const AHEAD = 0.1;
const VISIBLE_BEND = 1e-4;
/** Share of the cost below which a step wins little. */
const VALLEY = 0.1;
/** Least share of the promised decrease for a step to be taken. */
const ACCEPT = 1e-4;

/**
 * Least squares by a trust region: of all steps ‖D p‖ ≤ Δ the one with the least ‖r + J p‖.
 *
 *     ratio = (‖r(z)‖² − ‖r(z + p)‖²) / (‖r‖² − ‖r + J p‖²)
 *
 * A step is taken when ratio > 1e-4; Δ is halved or less below ¼, doubled above ¾. D is the largest column norms so far, which
 * makes the path independent of the units of z. A failed run rejects the step and shortens it. The search ends when what a
 * full Gauss–Newton step promises *and* what was won are below 1e-10 of the cost or hidden by the model's own noise (a short
 * step promises little anywhere: its promise says nothing); then Gauss–Newton steps go on for as long as they shrink, since a sum of squares that no longer changes in double precision
 * fixes z to half the digits only.
 *
 * @throws {TwinError} MODEL_FAILS when the model has no value at the start, or no slopes.
 * @see Moré (1978), Lecture Notes in Mathematics 630; Nocedal & Wright (2006), §10.3.
 */
export function descend(system: ResidualSystem, start: Float64Array, limits: DescentLimits = {}): Descent {
  return new Search(system, start, limits).run();
}

class Search {
  readonly #system: ResidualSystem;
  readonly #limits: DescentLimits;
  readonly #jacobian: Matrix;
  readonly #weighted: Matrix;
  readonly #pull: Float64Array;
  readonly #scale: Float64Array;
  #z: Float64Array;
  #residuals: Float64Array;
  #trial: Float64Array;
  #cost: number;
  #radius = Number.NaN;
  #slopes: Slopes = "quick";
  #iterations = 0;

  constructor(system: ResidualSystem, start: Float64Array, limits: DescentLimits) {
    this.#system = system;
    this.#limits = limits;
    this.#z = start.slice();
    this.#jacobian = new Matrix(system.size, system.coordinates);
    this.#weighted = new Matrix(system.size, system.coordinates);
    this.#pull = new Float64Array(system.size);
    this.#scale = new Float64Array(system.coordinates);
    this.#residuals = new Float64Array(system.size);
    this.#trial = new Float64Array(system.size);
    if (!system.residuals(this.#z, this.#residuals))
      throw noValue("the model gives no finite value at the start");
    this.#cost = costOf(this.#residuals, limits.loss);
  }

  run(): Descent {
    const most = this.#limits.iterations ?? 1000;
    let reason: string | undefined;
    while (reason === undefined && this.#iterations < most) {
      this.#iterations++;
      reason = this.#iterate();
    }
    this.#polish();
    return {
      z: this.#z,
      residuals: this.#residuals,
      cost: this.#cost,
      jacobian: this.#jacobian,
      iterations: this.#iterations,
      reason: reason ?? `stopped after ${this.#iterations} iterations`,
      hidden: this.#hiddenDecrease(),
    };
  }

  get #finest(): Slopes {
    return this.#limits.slopes ?? "exact";
  }

  /** One Jacobian, and steps until one is taken; a reason when the search is over. */
  #iterate(): string | undefined {
    let local = this.#linearise();
    const hidden = this.#hiddenDecrease();
    const small = SMALL_DECREASE * this.#cost + hidden;
    if (local.reachable <= small) local = this.#withoutMemory(local, small);
    const size = this.#scaledNorm(this.#system.reach(this.#z));
    if (Number.isNaN(this.#radius)) this.#radius = (this.#limits.firstRadius ?? 1) * size;
    if (local.rank === 0) return "the model does not respond to any parameter here";
    if (local.reachable <= hidden) return "what Gauss–Newton could still win is below the model's own noise";
    while (this.#radius > SMALLEST_RADIUS * size) {
      const step = local.within(this.#radius);
      const move = this.#bent(local, step) ?? step.move;
      const moved = this.#z.map((value, index) => value + (move[index] as number));
      const decrease = this.#tryAt(moved);
      const ratio = decrease / step.predicted;
      this.#adaptRadius(ratio, step.length);
      if (step.predicted < NEAR * this.#cost || !(ratio > ACCEPT)) this.#slopes = this.#finest;
      if (ratio > ACCEPT) this.#take(moved);
      if (local.reachable <= small && Math.abs(decrease) <= small)
        return "the promised and the actual decrease are negligible";
      if (ratio > ACCEPT) return undefined;
      if (step.predicted <= hidden) break;
    }
    return "no step that could be judged decreases the sum of squares";
  }

  /** A column that has shrunk by decades looks dependent in the scale of old: before the search ends it is looked at in its own. */
  #withoutMemory(local: LocalModel, small: number): LocalModel {
    const norms = columnNorms(this.#weighted);
    const fresh = new LocalModel(this.#weighted, this.#pull, norms, this.#system.slopeError());
    if (fresh.reachable <= small) return local;
    this.#scale.set(norms);
    this.#radius = Number.NaN;
    return fresh;
  }

  #linearise(): LocalModel {
    const found =
      this.#system.jacobian(this.#z, this.#slopes, this.#jacobian) ||
      (this.#slopes === "exact" && this.#system.jacobian(this.#z, "quick", this.#jacobian));
    if (!found) throw noValue("the model gives no finite values around a point where it runs");
    const { loss } = this.#limits;
    for (let row = 0; row < this.#pull.length; row++) {
      const residual = this.#residuals[row] as number;
      const root = Math.sqrt(weightOf(residual, loss));
      this.#pull[row] = root * residual;
      for (let column = 0; column < this.#scale.length; column++)
        this.#weighted.set(row, column, root * this.#jacobian.get(row, column));
    }
    columnNorms(this.#weighted).forEach((norm, index) => {
      this.#scale[index] = Math.max(norm, this.#scale[index] as number);
    });
    return new LocalModel(this.#weighted, this.#pull, this.#scale, this.#system.slopeError());
  }

  /**
   * In a valley, where a step wins little, it is corrected for the curvature of the model along it, for one more run.
   * Undefined elsewhere, and when the correction would not be a small one.
   */
  #bent(local: LocalModel, step: Step): Float64Array | undefined {
    if (this.#system.noise(this.#z) > VISIBLE_BEND * Math.sqrt(step.predicted)) return undefined;
    if (step.predicted > VALLEY * this.#cost) return undefined;
    const ahead = this.#z.map((value, index) => value + AHEAD * (step.move[index] as number));
    if (!this.#system.residuals(ahead, this.#trial)) return undefined;
    const curvature = this.#pull.map((_, row) => {
      const root = Math.sqrt(weightOf(this.#residuals[row] as number, this.#limits.loss));
      let linear = 0;
      for (let column = 0; column < step.move.length; column++)
        linear += this.#jacobian.get(row, column) * (step.move[column] as number);
      const rise = ((this.#trial[row] as number) - (this.#residuals[row] as number)) / AHEAD;
      return (root * 2 * (rise - linear)) / AHEAD;
    });
    return local.bent(step, curvature);
  }

  /** Actual decrease of the cost; −∞ when the model failed. */
  #tryAt(moved: Float64Array): number {
    if (!this.#system.residuals(moved, this.#trial)) return Number.NEGATIVE_INFINITY;
    return decreaseOf(this.#residuals, this.#trial, this.#limits.loss);
  }

  #take(moved: Float64Array): void {
    [this.#residuals, this.#trial] = [this.#trial, this.#residuals];
    this.#z = moved;
    this.#cost = costOf(this.#residuals, this.#limits.loss);
  }

  #adaptRadius(ratio: number, length: number): void {
    if (!(ratio > 0.25)) this.#radius = Math.min(this.#radius, length) * (ratio > 0 ? 0.5 : 0.25);
    else if (ratio > 0.75) this.#radius = Math.max(this.#radius, 2 * length);
  }

  /** A change of the cost that the model's own noise can make. */
  #hiddenDecrease(): number {
    const noise = this.#system.noise(this.#z);
    return noise * (2 * Math.sqrt(this.#cost) + noise);
  }

  #scaledNorm(vector: Float64Array): number {
    return norm(vector.map((value, index) => value * (this.#scale[index] as number)));
  }

  /** Gauss–Newton steps with the best slopes while each is shorter than the last; leaves the slopes of the end behind. */
  #polish(): void {
    this.#slopes = this.#finest;
    let last = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 60; round++) {
      const local = this.#linearise();
      const step = local.within(Number.POSITIVE_INFINITY);
      const far = round === 0 && step.predicted > NEAR * this.#cost + this.#hiddenDecrease();
      if (far || !(step.length < 0.9 * last) || step.length <= Number.EPSILON * this.#scaledNorm(this.#z))
        return;
      const moved = this.#z.map((value, index) => value + (step.move[index] as number));
      const decrease = this.#tryAt(moved);
      if (!(decrease >= -this.#hiddenDecrease() - SMALL_DECREASE * this.#cost)) return;
      this.#take(moved);
      last = step.length;
    }
    this.#linearise();
  }
}

function costOf(residuals: Float64Array, loss: RobustLoss | undefined): number {
  let sum = 0;
  for (let row = 0; row < residuals.length; row++) sum += lossOf(residuals[row] as number, loss);
  return sum;
}

/** Σ (a² − b²) as Σ (a − b)(a + b): the digits of a difference of two nearly equal sums. */
function decreaseOf(from: Float64Array, to: Float64Array, loss: RobustLoss | undefined): number {
  if (loss) return costOf(from, loss) - costOf(to, loss);
  let sum = 0;
  for (let row = 0; row < from.length; row++) {
    const a = from[row] as number;
    const b = to[row] as number;
    sum += (a - b) * (a + b);
  }
  return sum;
}

const noValue = (what: string): TwinError =>
  new TwinError(
    "MODEL_FAILS",
    what,
    "start where the model runs, or declare bounds that keep the search there",
  );

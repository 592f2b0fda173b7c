import { entry } from "../linear-algebra/matrix.ts";
import type { IntegrationCounts, OdeSystem, Stepper } from "./system.ts";
import type { Tolerance } from "./tolerance.ts";

/** Steps in a row that stability, not accuracy, has bounded before a problem counts as stiff; and those that clear it. */
const STIFF_AFTER = 15;
const CLEARED_AFTER = 6;
/**
 * |λ|h from which a step counts as bounded; the region of stability ends at 3.3 on the negative real axis.
 *
 * A fast decay that is over still feeds the error estimate, so that a tight tolerance holds |λ|h below that end. Where the mode is
 * alive, accuracy alone lets |λ|h fall with tolerance^(1/5); the boundary falls more slowly, some ten times above that.
 */
const STABILITY_BOUNDARY = 2.5;
const BOUNDARY_TOLERANCE = 1e-6;
const BOUNDARY_EXPONENT = 1 / 6;

/**
 * The explicit Runge–Kutta pair of order 5(4) of Dormand and Prince: for problems that are not stiff.
 *
 *     k_i = f(t + c_i h, x + h Σ_j a_ij k_j)        x⁺ = x + h Σ b_i k_i        error = h Σ (b_i − b̂_i) k_i
 *
 * Seven stages, of which the last is the first of the next step (six evaluations a step); continuous extension of
 * order 4. A stiff problem is solved rightly but slowly: `stabilityBound` tells, from an estimate of |λ| by the last two
 * stages, which share their time.
 * @see Dormand & Prince (1980), J. Comput. Appl. Math. 6, 19–26; Hairer, Nørsett & Wanner (1993), Solving Ordinary
 * Differential Equations I, II.5 (pair), II.6 (extension); Hairer & Wanner (1996), II, IV.2 (detection of stiffness).
 */
export class DormandPrince implements Stepper {
  readonly state: Float64Array;
  readonly slope: Float64Array;
  readonly proposal: Float64Array;
  time = 0;
  readonly #system: OdeSystem;
  readonly #tolerance: Tolerance;
  readonly #counts: IntegrationCounts;
  readonly #before: Float64Array;
  readonly #stage: Float64Array;
  readonly #error: Float64Array;
  readonly #k1: Float64Array;
  readonly #k2: Float64Array;
  readonly #k3: Float64Array;
  readonly #k4: Float64Array;
  readonly #k5: Float64Array;
  readonly #k6: Float64Array;
  readonly #k7: Float64Array;
  #horizon = Number.POSITIVE_INFINITY;
  #step = 0;
  readonly #boundary: number;
  #bounded = 0;
  #unbounded = 0;

  constructor(system: OdeSystem, tolerance: Tolerance, counts: IntegrationCounts) {
    const vector = (): Float64Array => new Float64Array(system.size);
    this.#system = system;
    this.#tolerance = tolerance;
    this.#counts = counts;
    const tightness = tolerance.tightest > 0 ? Math.min(tolerance.tightest / BOUNDARY_TOLERANCE, 1) : 1;
    this.#boundary = STABILITY_BOUNDARY * tightness ** BOUNDARY_EXPONENT;
    this.state = vector();
    this.slope = vector();
    this.proposal = vector();
    this.#before = vector();
    this.#stage = vector();
    this.#error = vector();
    this.#k1 = vector();
    this.#k2 = vector();
    this.#k3 = vector();
    this.#k4 = vector();
    this.#k5 = vector();
    this.#k6 = vector();
    this.#k7 = vector();
  }

  start(time: number, state: Float64Array, horizon: number): void {
    this.time = time;
    this.state.set(state);
    this.#horizon = horizon;
    this.#bounded = 0;
    this.#unbounded = 0;
    this.#derivative(time, this.state, this.slope);
  }

  attempt(h: number): number {
    const x = this.#before;
    const k1 = this.#k1;
    const k2 = this.#k2;
    const k3 = this.#k3;
    const k4 = this.#k4;
    const k5 = this.#k5;
    const k6 = this.#k6;
    const k7 = this.#k7;
    const y = this.#stage;
    const result = this.proposal;
    const t = this.time;
    const n = x.length;
    x.set(this.state);
    k1.set(this.slope);
    this.#step = h;
    for (let i = 0; i < n; i++) y[i] = entry(x, i) + h * A21 * entry(k1, i);
    this.#derivative(t + 0.2 * h, y, k2);
    for (let i = 0; i < n; i++) y[i] = entry(x, i) + h * (A31 * entry(k1, i) + A32 * entry(k2, i));
    this.#derivative(t + 0.3 * h, y, k3);
    for (let i = 0; i < n; i++)
      y[i] = entry(x, i) + h * (A41 * entry(k1, i) + A42 * entry(k2, i) + A43 * entry(k3, i));
    this.#derivative(t + 0.8 * h, y, k4);
    for (let i = 0; i < n; i++)
      y[i] =
        entry(x, i) + h * (A51 * entry(k1, i) + A52 * entry(k2, i) + A53 * entry(k3, i) + A54 * entry(k4, i));
    this.#derivative(t + (8 / 9) * h, y, k5);
    for (let i = 0; i < n; i++) {
      const sum = A61 * entry(k1, i) + A62 * entry(k2, i) + A63 * entry(k3, i) + A64 * entry(k4, i);
      y[i] = entry(x, i) + h * (sum + A65 * entry(k5, i));
    }
    this.#derivative(t + h, y, k6);
    for (let i = 0; i < n; i++) {
      const sum = B1 * entry(k1, i) + B3 * entry(k3, i) + B4 * entry(k4, i) + B5 * entry(k5, i);
      result[i] = entry(x, i) + h * (sum + B6 * entry(k6, i));
    }
    this.#derivative(t + h, result, k7);
    return this.#errorNorm(h);
  }

  accept(end: number): void {
    this.#watchStability();
    this.time = end;
    this.state.set(this.proposal);
    this.slope.set(this.#k7);
  }

  interpolate(fraction: number, out: Float64Array): void {
    const h = this.#step;
    const rest = 1 - fraction;
    for (let i = 0; i < out.length; i++) {
      const before = entry(this.#before, i);
      const rise = entry(this.proposal, i) - before;
      const k1 = entry(this.#k1, i);
      const k7 = entry(this.#k7, i);
      const bend = h * k1 - rise;
      const extra =
        D1 * k1 +
        D3 * entry(this.#k3, i) +
        D4 * entry(this.#k4, i) +
        D5 * entry(this.#k5, i) +
        D6 * entry(this.#k6, i);
      const skew = rise - h * k7 - bend + rest * h * (extra + D7 * k7);
      out[i] = before + fraction * (rise + rest * (bend + fraction * skew));
    }
  }

  stabilityBound(): boolean {
    return this.#bounded >= STIFF_AFTER;
  }

  #derivative(time: number, state: Float64Array, out: Float64Array): void {
    this.#counts.derivatives++;
    // What the model leaves unwritten must not be what another call left there.
    out.fill(Number.NaN);
    this.#system.derivative(Math.min(time, this.#horizon), state, out);
  }

  #errorNorm(h: number): number {
    const error = this.#error;
    for (let i = 0; i < error.length; i++) {
      const sum = E1 * entry(this.#k1, i) + E3 * entry(this.#k3, i) + E4 * entry(this.#k4, i);
      error[i] = h * (sum + E5 * entry(this.#k5, i) + E6 * entry(this.#k6, i) + E7 * entry(this.#k7, i));
    }
    return this.#tolerance.norm(error, this.#before, this.proposal);
  }

  /** |λ| ≈ ‖k₇ − k₆‖ / ‖x₇ − x₆‖. */
  #watchStability(): void {
    let slopes = 0;
    let states = 0;
    for (let i = 0; i < this.proposal.length; i++) {
      slopes += (entry(this.#k7, i) - entry(this.#k6, i)) ** 2;
      states += (entry(this.proposal, i) - entry(this.#stage, i)) ** 2;
    }
    if (states > 0 && this.#step * Math.sqrt(slopes / states) > this.#boundary) {
      this.#bounded++;
      this.#unbounded = 0;
    } else if (++this.#unbounded === CLEARED_AFTER) {
      this.#bounded = 0;
    }
  }
}

const A21 = 1 / 5;
const A31 = 3 / 40;
const A32 = 9 / 40;
const A41 = 44 / 45;
const A42 = -56 / 15;
const A43 = 32 / 9;
const A51 = 19372 / 6561;
const A52 = -25360 / 2187;
const A53 = 64448 / 6561;
const A54 = -212 / 729;
const A61 = 9017 / 3168;
const A62 = -355 / 33;
const A63 = 46732 / 5247;
const A64 = 49 / 176;
const A65 = -5103 / 18656;
const B1 = 35 / 384;
const B3 = 500 / 1113;
const B4 = 125 / 192;
const B5 = -2187 / 6784;
const B6 = 11 / 84;
const E1 = 71 / 57600;
const E3 = -71 / 16695;
const E4 = 71 / 1920;
const E5 = -17253 / 339200;
const E6 = 22 / 525;
const E7 = -1 / 40;
const D1 = -12715105075 / 11282082432;
const D3 = 87487479700 / 32700410799;
const D4 = -10690763975 / 1880347072;
const D5 = 701980252875 / 199316789632;
const D6 = -1453857185 / 822651844;
const D7 = 69997945 / 29380423;

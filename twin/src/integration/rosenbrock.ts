import { entry, Matrix } from "../linear-algebra/matrix.ts";
import { IterationMatrix } from "./iteration-matrix.ts";
import { DifferencedJacobian } from "./jacobian.ts";
import type { IntegrationCounts, OdeSystem, Stepper } from "./system.ts";
import type { Tolerance } from "./tolerance.ts";

/** Share of a step over which ∂f/∂t is differenced. */
const TIME_DIFFERENCE = 2 ** -26;

/**
 * The Rosenbrock–Wanner method Rodas5P, order 5(4), stiffly accurate and L-stable: for stiff problems.
 *
 *     W u_i = f(t + c_i h, x + Σ_j<i a_ij u_j) + Σ_j<i (C_ij / h) u_j + d_i h ∂f/∂t,     W = I/(γh) − ∂f/∂x,   i = 1 … 8
 *     x⁺ = x + Σ_j<6 a_6j u_j + u_6 + u_7 + u_8           error = u_8
 *
 * One Jacobian a step, one factorisation of W an attempt, eight evaluations and solves; no iteration that could fail to
 * converge. Continuous extension of order 4. The full order needs the exact Jacobian; a differenced one costs little of
 * it, because its error is that of round-off. Dense: for up to some tens of states.
 * @see Hairer & Wanner (1996), Solving Ordinary Differential Equations II, IV.7; Steinebach (2023), BIT Numer. Math. 63,
 * 27 (coefficients and extension).
 */
export class Rosenbrock implements Stepper {
  readonly state: Float64Array;
  readonly slope: Float64Array;
  readonly proposal: Float64Array;
  time = 0;
  readonly #system: OdeSystem;
  readonly #tolerance: Tolerance;
  readonly #counts: IntegrationCounts;
  readonly #stages: readonly Float64Array[];
  readonly #before: Float64Array;
  readonly #argument: Float64Array;
  readonly #drift: Float64Array;
  readonly #next: Float64Array;
  readonly #jacobian: Matrix;
  readonly #matrix: IterationMatrix;
  readonly #differences: DifferencedJacobian;
  #horizon = Number.POSITIVE_INFINITY;
  #fresh = false;

  constructor(system: OdeSystem, tolerance: Tolerance, counts: IntegrationCounts) {
    const { size } = system;
    this.#system = system;
    this.#tolerance = tolerance;
    this.#counts = counts;
    this.state = new Float64Array(size);
    this.slope = new Float64Array(size);
    this.proposal = new Float64Array(size);
    this.#stages = Array.from({ length: STAGES.length }, () => new Float64Array(size));
    this.#before = new Float64Array(size);
    this.#argument = new Float64Array(size);
    this.#drift = new Float64Array(size);
    this.#next = new Float64Array(size);
    this.#jacobian = new Matrix(size, size);
    this.#matrix = new IterationMatrix(size);
    this.#differences = new DifferencedJacobian(system, tolerance);
  }

  start(time: number, state: Float64Array, horizon: number): void {
    this.time = time;
    this.state.set(state);
    this.#horizon = horizon;
    this.#fresh = false;
    this.#derivative(time, this.state, this.slope);
  }

  attempt(h: number): number {
    this.#before.set(this.state);
    if (!this.#fresh) this.#linearise(h);
    // Kept for further attempts unless this one fails: then the model may have failed where it was differenced.
    this.#fresh = false;
    if (!this.#matrix.factor(1 / (GAMMA * h), this.#jacobian)) return Number.NaN;
    for (let stage = 0; stage < STAGES.length; stage++) this.#solveStage(stage, h);
    const last = this.#stages[STAGES.length - 1] as Float64Array;
    for (let i = 0; i < last.length; i++) this.proposal[i] = entry(this.#argument, i) + entry(last, i);
    const norm = this.#tolerance.norm(last, this.#before, this.proposal);
    this.#fresh = Number.isFinite(norm);
    if (!(norm <= 1)) return norm;
    this.#derivative(this.time + h, this.proposal, this.#next);
    return this.#next.every(Number.isFinite) ? norm : Number.NaN;
  }

  accept(end: number): void {
    this.time = end;
    this.state.set(this.proposal);
    this.slope.set(this.#next);
    this.#fresh = false;
  }

  interpolate(fraction: number, out: Float64Array): void {
    const rest = 1 - fraction;
    for (let i = 0; i < out.length; i++) {
      let first = 0;
      let second = 0;
      let third = 0;
      for (let stage = 0; stage < STAGES.length; stage++) {
        const u = entry(this.#stages[stage] as Float64Array, i);
        first += entry(EXTENSION_1, stage) * u;
        second += entry(EXTENSION_2, stage) * u;
        third += entry(EXTENSION_3, stage) * u;
      }
      const bend = first + fraction * (second + fraction * third);
      out[i] = rest * entry(this.#before, i) + fraction * (entry(this.proposal, i) + rest * bend);
    }
  }

  stabilityBound(): boolean {
    return false;
  }

  /** Leaves the argument of the stage in place: that of the last one is the proposal but for its own increment. */
  #solveStage(stage: number, h: number): void {
    const { at, weights, couplings, drift } = STAGES[stage] as StageCoefficients;
    const argument = this.#argument;
    const u = this.#stages[stage] as Float64Array;
    argument.set(this.#before);
    for (let other = 0; other < stage; other++)
      addScaled(argument, entry(weights, other), this.#stages[other] as Float64Array);
    if (stage === 0) u.set(this.slope);
    else this.#derivative(this.time + at * h, argument, u);
    for (let other = 0; other < stage; other++)
      addScaled(u, entry(couplings, other) / h, this.#stages[other] as Float64Array);
    if (drift !== 0) addScaled(u, drift * h, this.#drift);
    this.#matrix.solve(u);
  }

  /** ∂f/∂x and ∂f/∂t at the state; they serve every attempt from here. */
  #linearise(h: number): void {
    this.#counts.jacobians++;
    if (this.#system.jacobian !== undefined) {
      this.#jacobian.data.fill(Number.NaN);
      this.#system.jacobian(this.time, this.state, this.#jacobian);
    } else {
      this.#differences.evaluate(this.time, this.state, this.slope, h, this.#jacobian);
      this.#counts.derivatives += this.state.length;
    }
    if (this.#system.autonomous) return;
    const later = Math.min(
      this.time + Math.max(TIME_DIFFERENCE * h, 2 ** -42 * Math.abs(this.time)),
      this.#horizon,
    );
    this.#derivative(later, this.state, this.#drift);
    const difference = later - this.time;
    for (let i = 0; i < this.#drift.length; i++)
      this.#drift[i] = difference > 0 ? (entry(this.#drift, i) - entry(this.slope, i)) / difference : 0;
  }

  #derivative(time: number, state: Float64Array, out: Float64Array): void {
    this.#counts.derivatives++;
    // What the model leaves unwritten must not be what another call left there.
    out.fill(Number.NaN);
    this.#system.derivative(Math.min(time, this.#horizon), state, out);
  }
}

function addScaled(sum: Float64Array, factor: number, term: Float64Array): void {
  if (factor === 0) return;
  for (let i = 0; i < sum.length; i++) sum[i] = entry(sum, i) + factor * entry(term, i);
}

interface StageCoefficients {
  readonly at: number;
  readonly weights: Float64Array;
  readonly couplings: Float64Array;
  readonly drift: number;
}

const GAMMA = 0.21193756319429014;

const stage = (
  at: number,
  drift: number,
  weights: readonly number[],
  couplings: readonly number[],
): StageCoefficients => ({
  at,
  drift,
  weights: Float64Array.from(weights),
  couplings: Float64Array.from(couplings),
});

const FINAL = [
  -7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946,
];

const STAGES: readonly StageCoefficients[] = [
  stage(0, GAMMA, [], []),
  stage(0.6358126895828704, -0.42387512638858027, [3], [-14.155112264123755]),
  stage(
    0.4095798393397535,
    -0.3384627126235924,
    [2.849394379747939, 0.45842242204463923],
    [-17.97296035885952, -2.859693295451294],
  ),
  stage(
    0.9769306725060716,
    1.8046452872882734,
    [-6.954028509809101, 2.489845061869568, -10.358996098473584],
    [147.12150275711716, -1.41221402718213, 71.68940251302358],
  ),
  stage(
    0.4288403609558664,
    2.325825639765069,
    [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
    [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
  ),
  stage(
    1,
    0,
    FINAL,
    [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
  ),
  stage(
    1,
    0,
    [...FINAL, 1],
    [
      30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623,
      -28.087943162872662,
    ],
  ),
  stage(
    1,
    0,
    [...FINAL, 1, 1],
    [
      37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002,
      -54.66780262877968, -9.48861652309627,
    ],
  ),
];

const EXTENSION_1: Float64Array = Float64Array.of(
  25.948786856663858,
  -2.5579724845846235,
  10.433815404888879,
  -2.3679251022685204,
  0.524948541321073,
  1.1241088310450404,
  0.4272876194431874,
  -0.17202221070155493,
);
const EXTENSION_2: Float64Array = Float64Array.of(
  -9.91568850695171,
  -0.9689944594115154,
  3.0438037242978453,
  -24.495224566215796,
  20.176138334709044,
  15.98066361424651,
  -6.789040303419874,
  -6.710236069923372,
);
const EXTENSION_3: Float64Array = Float64Array.of(
  11.419903575922262,
  2.8879645146136994,
  72.92137995996029,
  80.12511834622643,
  -52.072871366152654,
  -59.78993625266729,
  -0.15582684282751913,
  4.883087185713722,
);

import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { gaussHermite } from "../../probability/gauss-hermite.ts";
import type { Quadrature } from "../../probability/gauss-legendre.ts";
import type { Start } from "./checked-system.ts";
import { type Mapping, Regression, type Regressor } from "./regression.ts";
import { type FilterOptions, SquareRootFilter } from "./square-root-filter.ts";
import type { StochasticSystem } from "./system.ts";

export interface GaussHermiteOptions extends FilterOptions {
  /** p: nodes per state; exact for polynomials of degree 2p − 1 in each. Default 3. */
  readonly order?: number;
}

/** More runs than this at each step are refused: the rule is for few states. */
const MOST_RUNS = 100_000;

/**
 * The Gauss–Hermite Kalman filter: a product rule of p nodes per state.
 *
 *     x = m + L z,   z over the p^n products of the roots of He_p,   weights the products of p!/(p He_{p−1}(z_i))²
 *
 * Cost: p^n runs of f and of h at each step (p = 3: 9 for two states, 59,049 for ten). All weights positive.
 * @see Ito & Xiong (2000), IEEE Trans. Autom. Control 45(5); Särkkä (2013), §6.3.
 */
export class GaussHermiteKalmanFilter extends SquareRootFilter {
  constructor(system: StochasticSystem, start: Start, options: GaussHermiteOptions = {}) {
    const order = options.order ?? 3;
    if (!Number.isSafeInteger(order) || order < 2 || order > 32)
      throw new TwinError("BAD_OPTION", `order is ${order}`, "expected a whole number from 2 to 32");
    const runs = order ** system.states;
    if (runs > MOST_RUNS)
      throw new TwinError(
        "BAD_OPTION",
        `order ${order} for ${system.states} states takes ${runs} model runs a step`,
        `expected at most ${MOST_RUNS}: lower the order, or take the cubature or the unscented filter`,
      );
    const product = productRule(gaussHermite(order), system.states);
    super(system, start, (mapping) => new ProductRegressor(mapping, product), options);
  }
}

interface ProductRule {
  /** One point z per row. */
  readonly points: Matrix;
  readonly weights: Float64Array;
}

function productRule({ nodes, weights }: Quadrature, states: number): ProductRule {
  const order = nodes.length;
  const points = new Matrix(order ** states, states);
  const products = new Float64Array(points.rows).fill(1);
  for (let point = 0; point < points.rows; point++) {
    let digits = point;
    for (let state = 0; state < states; state++) {
      const node = digits % order;
      digits = Math.floor(digits / order);
      points.set(point, state, nodes[node] as number);
      products[point] = (products[point] as number) * (weights[node] as number);
    }
  }
  return { points, weights: products };
}

/**
 * Regression over weighted points z with Σ w z = 0, Σ w z zᵀ = I.
 *
 *     ȳ = Σ w g,   D = Σ w (g − ȳ) zᵀ,   one column of A for each point: √w (g − ȳ − D z)
 */
class ProductRegressor implements Regressor {
  readonly result: Regression;
  readonly #mapping: Mapping;
  readonly #rule: ProductRule;
  readonly #point: Float64Array;
  readonly #images: readonly Float64Array[];

  constructor(mapping: Mapping, rule: ProductRule) {
    this.result = new Regression(mapping.size, mapping.states, rule.points.rows, false);
    this.#mapping = mapping;
    this.#rule = rule;
    this.#point = new Float64Array(mapping.states);
    this.#images = Array.from({ length: rule.points.rows }, () => new Float64Array(mapping.size));
  }

  regress(mean: Float64Array, factor: Matrix): void {
    const line = this.result;
    line.mean.fill(0);
    line.spread.data.fill(0);
    for (let index = 0; index < this.#images.length; index++) {
      const image = this.#images[index] as Float64Array;
      this.#place(mean, factor, index);
      this.#mapping.evaluate(this.#point, image);
      const weight = this.#rule.weights[index] as number;
      for (let row = 0; row < image.length; row++)
        line.mean[row] = (line.mean[row] as number) + weight * (image[row] as number);
    }
    for (let index = 0; index < this.#images.length; index++) this.#lean(index);
    for (let index = 0; index < this.#images.length; index++) this.#leave(index);
  }

  /** point ← m + L z. */
  #place(mean: Float64Array, factor: Matrix, index: number): void {
    const { points } = this.#rule;
    for (let row = 0; row < mean.length; row++) {
      let value = mean[row] as number;
      for (let axis = 0; axis <= row; axis++) value += factor.get(row, axis) * points.get(index, axis);
      this.#point[row] = value;
    }
  }

  /** What this point adds to D. */
  #lean(index: number): void {
    const { mean, spread, states } = this.result;
    const image = this.#images[index] as Float64Array;
    const weight = this.#rule.weights[index] as number;
    for (let row = 0; row < mean.length; row++) {
      const off = weight * ((image[row] as number) - (mean[row] as number));
      for (let axis = 0; axis < states; axis++)
        spread.add(row, axis, off * this.#rule.points.get(index, axis));
    }
  }

  /** The column of A that this point leaves. */
  #leave(index: number): void {
    const { mean, spread, states } = this.result;
    const image = this.#images[index] as Float64Array;
    const root = Math.sqrt(this.#rule.weights[index] as number);
    for (let row = 0; row < mean.length; row++) {
      let rest = (image[row] as number) - (mean[row] as number);
      for (let axis = 0; axis < states; axis++)
        rest -= spread.get(row, axis) * this.#rule.points.get(index, axis);
      spread.set(row, states + index, root * rest);
    }
  }
}

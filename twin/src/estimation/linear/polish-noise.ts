import { Matrix, multiply } from "../../linear-algebra/matrix.ts";
import { semidefiniteFactor } from "../../linear-algebra/semidefinite.ts";
import { minimise } from "../../optimisation/minimise.ts";
import { matrixOf } from "./arrays.ts";
import type { EmTargets } from "./em-targets.ts";
import { likelihoodOfSeries } from "./filter.ts";
import { linearModel, type ModelMatrices } from "./linear-model.ts";
import { checkedSeries, type Readings } from "./readings.ts";

export interface PolishedNoise {
  readonly matrices: ModelMatrices;
  /** Convention "omit". */
  readonly logLikelihood: number;
  readonly converged: boolean;
  readonly evaluations: number;
}

/**
 * Finishes what EM began: BFGS on the exact likelihood over Q and R, as Cholesky factors with logarithms on the diagonal, so
 * that both stay positive definite. Never ends below where it began.
 *
 * @throws {TwinError} everything that `kalmanFilter` throws for the matrices as given.
 * @see Durbin & Koopman (2012), §7.3.4; Pinheiro & Bates (1996), Statistics and Computing 6, for the coordinates.
 */
export function polishNoise(
  matrices: ModelMatrices,
  readings: Readings,
  estimate: Pick<EmTargets, "processNoise" | "observationNoise">,
): PolishedNoise {
  const parts = (["processNoise", "observationNoise"] as const).flatMap((name) => {
    const structure = estimate[name];
    return structure === undefined ? [] : [new NoiseCoordinates(name, matrices, structure)];
  });
  const start = parts.flatMap((part) => part.coordinates());
  const first = linearModel(matrices);
  const series = checkedSeries(readings, first.outputs, first.start.at);
  const at = (x: Float64Array): ModelMatrices => {
    let offset = 0;
    let changed = matrices;
    for (const part of parts) {
      changed = { ...changed, [part.name]: part.matrixAt(x, offset) };
      offset += part.count;
    }
    return changed;
  };
  const before = likelihoodOfSeries(first, series).logLikelihood;
  const found = minimise((x) => -likelihoodOfSeries(linearModel(at(x)), series).logLikelihood, start);
  const { converged, evaluations } = found;
  if (!(-found.value >= before)) return { matrices, logLikelihood: before, converged: false, evaluations };
  return { matrices: at(found.x), logLikelihood: -found.value, converged, evaluations };
}

/** A covariance L Lᵀ as numbers without bounds: ln L_ii, and L_ij/L_ii below. */
class NoiseCoordinates {
  readonly name: "processNoise" | "observationNoise";
  readonly count: number;
  readonly #size: number;
  readonly #isFull: boolean;
  readonly #factor: Matrix;

  constructor(
    name: "processNoise" | "observationNoise",
    matrices: ModelMatrices,
    structure: "full" | "diagonal",
  ) {
    this.name = name;
    this.#factor = semidefiniteFactor(matrixOf(matrices[name], "the noise"), "the noise");
    this.#size = this.#factor.rows;
    this.#isFull = structure === "full";
    this.count = this.#isFull ? (this.#size * (this.#size + 1)) / 2 : this.#size;
  }

  coordinates(): number[] {
    const largest = Math.max(...this.#factor.diagonal());
    return this.#places().map(([row, column]) => {
      // A direction without variance starts small instead of at −∞.
      const pivot = Math.max(this.#factor.get(row, row), 1e-6 * largest);
      return row === column ? Math.log(pivot) : this.#factor.get(row, column) / pivot;
    });
  }

  matrixAt(x: Float64Array, offset: number): Matrix {
    const factor = new Matrix(this.#size, this.#size);
    this.#places().forEach(([row, column], index) => {
      const value = x[offset + index] as number;
      factor.set(row, column, row === column ? Math.exp(value) : value * factor.get(row, row));
    });
    return multiply(factor, factor.transpose());
  }

  /** The diagonal entry of a row comes before the others of its row. */
  #places(): [number, number][] {
    const places: [number, number][] = [];
    for (let row = 0; row < this.#size; row++) {
      places.push([row, row]);
      for (let column = 0; this.#isFull && column < row; column++) places.push([row, column]);
    }
    return places;
  }
}

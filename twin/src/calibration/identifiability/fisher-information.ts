import { TwinError } from "../../errors.ts";
import { Matrix, shapeError } from "../../linear-algebra/matrix.ts";
import { symmetricRankUpdate } from "../../linear-algebra/products.ts";
import { pivotedQr, qr } from "../../linear-algebra/qr.ts";
import { svd } from "../../linear-algebra/svd.ts";
import { type Direction, describeDirection } from "./direction.ts";

/** What the parameters are measured in, so that "large" and "small" mean something for all of them. */
export interface ParameterScaling {
  readonly ids: readonly string[];
  /** θ, p: scales are |θ_j| (relative changes; a zero has scale 1) unless `scales` are given. */
  readonly values: ArrayLike<number>;
  /** Prior standard deviations or sizes that matter, p, all positive. */
  readonly scales?: ArrayLike<number>;
  /** Relative error of the Jacobian's columns: directions seen by less than that are not seen. Default: rounding. */
  readonly slopeError?: number;
}

export interface FisherInformation {
  /** S JᵀJ S in scaled parameters θ_j/scale_j, p × p, for whitened J. */
  readonly matrix: Matrix;
  readonly scales: Float64Array;
  /** Eigenvalues, descending, p: 1/variance along each direction in scaled parameters. */
  readonly eigenvalues: Float64Array;
  /** λ_max/λ_min; ∞ when a direction is not seen at all. */
  readonly condition: number;
  readonly rank: number;
  /** Eigenvectors in words, the least seen first. */
  readonly directions: readonly Direction[];
}

/**
 * Fisher information of Gaussian readings, I = JᵀJ for J = ∂h/∂θ · 1/sd, in scaled parameters, by the singular values of
 * J (their squares are the eigenvalues; squaring J first would lose the small ones).
 *
 * @param jacobian whitened, n × p: n < p is allowed, the missing directions then have eigenvalue 0.
 */
export function fisherInformation(jacobian: Matrix, scaling: ParameterScaling): FisherInformation {
  const size = jacobian.columns;
  const { ids, values } = scaling;
  if (ids.length !== size || values.length !== size)
    throw shapeError(
      `a Jacobian of ${size} columns, ${ids.length} names and ${values.length} values`,
      "one of each for every parameter",
    );
  const scales = scalesOf(scaling);
  const scaled = scaledColumns(jacobian, scales);
  const { seen, vectors } = rightSingular(scaled, scaling.slopeError ?? 0);
  const eigenvalues = seen.map((value) => value * value);
  const relative = scaling.scales === undefined && Array.from(values).every((value) => value !== 0);
  const directions = Array.from(seen.keys())
    .reverse()
    .map((k) =>
      describeDirection(
        Float64Array.from({ length: size }, (_, row) => vectors.get(row, k)),
        1 / (seen[k] as number),
        ids,
        scales,
        relative,
      ),
    );
  return {
    matrix: symmetricRankUpdate(new Matrix(size, size), scaled.transpose()),
    scales,
    eigenvalues,
    condition: (eigenvalues[0] ?? 0) / (eigenvalues[size - 1] ?? 0),
    rank: seen.filter((value) => value > 0).length,
    directions,
  };
}

function scalesOf({ values, scales, ids }: ParameterScaling): Float64Array {
  return Float64Array.from(ids, (id, index) => {
    const scale = scales ? (scales[index] as number) : Math.abs(values[index] as number) || 1;
    if (scale > 0 && Number.isFinite(scale)) return scale;
    throw new TwinError(
      "BAD_SCALE",
      `the scale of ${id} is ${scale}`,
      "expected a positive finite number: its prior sd, or a size that matters",
    );
  });
}

function scaledColumns(jacobian: Matrix, scales: Float64Array): Matrix {
  const scaled = new Matrix(Math.max(jacobian.rows, jacobian.columns), jacobian.columns);
  for (let row = 0; row < jacobian.rows; row++)
    for (let column = 0; column < jacobian.columns; column++)
      scaled.set(row, column, jacobian.get(row, column) * (scales[column] as number));
  return scaled;
}

/** Columns differ in size here: a coarser error would take a weak parameter for an unseen one. */
const MOST_ERROR = 1e-6;

/**
 * All p right singular vectors, and their singular values: 0 beyond the rank, where the vectors are any basis of what is
 * not seen. Rows of zeros stand in where n < p.
 */
function rightSingular(
  scaled: Matrix,
  slopeError: number,
): { readonly seen: Float64Array; readonly vectors: Matrix } {
  const size = scaled.columns;
  const factor = pivotedQr(scaled, Math.max(scaled.rows * Number.EPSILON, Math.min(MOST_ERROR, slopeError)));
  const { rank } = factor;
  const { values, right } = svd(new Matrix(rank, size, factor.upper().data.slice(0, rank * size)));
  const directions = new Matrix(size, rank);
  factor.permutation.forEach((to, from) => {
    for (let k = 0; k < rank; k++) directions.set(to, k, right.get(from, k));
  });
  // The last p − r columns of the full Q span what the first r leave out.
  const vectors = qr(directions).apply(Matrix.identity(size));
  for (let row = 0; row < size; row++)
    for (let k = 0; k < rank; k++) vectors.set(row, k, directions.get(row, k));
  const seen = new Float64Array(size);
  seen.set(values);
  return { seen, vectors };
}

import { TwinError } from "../errors.ts";
import { requireFinite } from "./finite.ts";
import { lu } from "./lu.ts";
import { Matrix, multiply, plus, shapeError } from "./matrix.ts";

/** Coefficients of the [13/13] Padé numerator of eˣ. */
const PADE = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
] as const;
/** The 1-norm up to which that approximant is exact to double precision. */
const REACH = 5.371920351148152;

/**
 * e^A for square A: scale by 2^−s into the reach of the [13/13] Padé approximant, square s times.
 *
 * @throws {TwinError} NOT_FINITE of the input; OVERFLOW when the result is beyond doubles; BAD_SHAPE
 * @see Higham (2005), SIAM J. Matrix Anal. Appl. 26(4), "The scaling and squaring method for the matrix exponential revisited".
 */
export function exponential(matrix: Matrix): Matrix {
  const size = matrix.rows;
  if (matrix.columns !== size) throw shapeError(`${size} × ${matrix.columns}`, "a square matrix");
  requireFinite(matrix, "the matrix to exponentiate");
  const norm = oneNorm(matrix);
  const squarings = norm > REACH ? Math.ceil(Math.log2(norm / REACH)) : 0;
  let result = pade(times(matrix, 2 ** -squarings));
  for (let round = 0; round < squarings; round++) result = multiply(result, result);
  if (!result.data.every(Number.isFinite))
    throw new TwinError(
      "OVERFLOW",
      `the exponential of a ${size} × ${size} matrix of norm ${norm} is beyond double precision`,
      "expected a shorter step, or rates that decay: look at their sign and their unit of time",
    );
  return result;
}

/** Largest column sum of magnitudes. */
export function oneNorm(matrix: Matrix): number {
  let largest = 0;
  for (let column = 0; column < matrix.columns; column++) {
    let sum = 0;
    for (let row = 0; row < matrix.rows; row++) sum += Math.abs(matrix.get(row, column));
    largest = Math.max(largest, sum);
  }
  return largest;
}

function pade(a: Matrix): Matrix {
  const two = multiply(a, a);
  const four = multiply(two, two);
  const six = multiply(four, two);
  const powers = [Matrix.identity(a.rows), two, four, six];
  /** Every other term of the numerator from x^first on, nested in A⁶. */
  const half = (first: 0 | 1): Matrix => {
    const [c0, c2, c4, c6, c8, c10, c12] = PADE.filter((_, power) => power % 2 === first) as number[];
    return plus(combination(powers, [c0, c2, c4, c6]), multiply(six, combination(powers, [0, c8, c10, c12])));
  };
  const even = half(0);
  const odd = multiply(a, half(1));
  return lu(plus(even, odd, -1)).solve(plus(even, odd));
}

const combination = (powers: readonly Matrix[], coefficients: readonly (number | undefined)[]): Matrix =>
  powers.reduce(
    (sum, power, k) => plus(sum, power, coefficients[k] ?? 0),
    new Matrix(powers[0]?.rows ?? 0, powers[0]?.rows ?? 0),
  );

const times = (matrix: Matrix, scale: number): Matrix =>
  new Matrix(
    matrix.rows,
    matrix.columns,
    matrix.data.map((value) => value * scale),
  );

import { TwinError } from "../errors.ts";
import { exponential, oneNorm } from "./exponential.ts";
import { requireFinite } from "./finite.ts";
import { Matrix, multiply, plus, shapeError, symmetrise } from "./matrix.ts";
import { largestMagnitude } from "./spans.ts";

export interface Discretised {
  /** Φ = e^{F Δt}, n × n. */
  readonly transition: Matrix;
  /** Q = ∫₀^Δt e^{F s} W e^{Fᵀ s} ds, n × n: what the noise adds up to. */
  readonly noise: Matrix;
}

/**
 * dx = F x dt + noise of spectral density W = G Gᵀ (state² per unit of time), seen after `elapsed` units of time, exactly.
 *
 *     exp([[−F, W], [0, Fᵀ]] h) = [[·, Φ⁻¹Q], [0, Φᵀ]]
 *
 * taken at a fraction h of the step with ‖F‖h ≤ 1 and doubled from there, Q ← Q + Φ Q Φᵀ, Φ ← Φ²: long gaps over fast modes
 * overflow in the block exponential itself. W is scaled to the size of F first, since Q is linear in it.
 *
 * @param density W: symmetric, positive semidefinite (only its symmetry is used here).
 * @param elapsed ≥ 0; at 0 nothing happened.
 * @throws {TwinError} NOT_FINITE; BAD_SHAPE; BAD_TIME; OVERFLOW when a growing mode leaves the doubles.
 * @see Van Loan (1978), IEEE Trans. Automatic Control 23(3), "Computing integrals involving the matrix exponential".
 */
export function discretise(drift: Matrix, density: Matrix, elapsed: number): Discretised {
  const size = drift.rows;
  if (drift.columns !== size || density.rows !== size || density.columns !== size)
    throw shapeError(
      `drift ${size} × ${drift.columns} and noise density ${density.rows} × ${density.columns}`,
      "n × n both",
    );
  requireFinite(density, "the noise density");
  checkElapsed(elapsed);
  const halvings = Math.max(0, Math.ceil(Math.log2(oneNorm(drift) * elapsed)));
  const step = elapsed * 2 ** -halvings;
  const unit = largestMagnitude(density.data) / Math.max(oneNorm(drift), 1 / (step || 1)) || 1;
  const block = new Matrix(2 * size, 2 * size);
  place(block, drift, 0, 0, -step);
  place(block, density, 0, size, step / unit);
  place(block, drift.transpose(), size, size, step);
  const whole = exponential(block);
  let transition = part(whole, size, size, size, size).transpose();
  let noise = multiply(transition, part(whole, 0, size, size, size));
  noise = symmetrise(
    new Matrix(
      size,
      size,
      noise.data.map((value) => value * unit),
    ),
  );
  for (let round = 0; round < halvings; round++) {
    noise = symmetrise(plus(noise, multiply(multiply(transition, noise), transition.transpose())));
    transition = multiply(transition, transition);
  }
  checkRange(transition, elapsed);
  checkRange(noise, elapsed);
  return { transition, noise };
}

export interface DiscretisedInput {
  readonly transition: Matrix;
  /** n × m each: x(Δt) = Φ x(0) + `start` u(0) + `end` u(Δt). */
  readonly start: Matrix;
  readonly end: Matrix;
}

/**
 * dx/dt = F x + B u with u linear between its two ends (first-order hold), exactly. An input that is held has weight
 * `start` + `end`.
 *
 *     exp([[FΔt, BΔt, 0], [0, 0, I], [0, 0, 0]]) = [[Φ, Γ₀, Γ₁], …],   end = Γ₁, start = Γ₀ − Γ₁
 *
 * @throws {TwinError} NOT_FINITE; BAD_SHAPE; BAD_TIME; OVERFLOW
 * @see Van Loan (1978); Franklin, Powell & Workman (1998), Digital Control of Dynamic Systems, §4.3 and §6.3.2.
 */
export function discretiseInput(drift: Matrix, input: Matrix, elapsed: number): DiscretisedInput {
  const size = drift.rows;
  const width = input.columns;
  if (drift.columns !== size || input.rows !== size)
    throw shapeError(
      `drift ${size} × ${drift.columns} and input ${input.rows} × ${width}`,
      "n × n and n × m",
    );
  requireFinite(input, "the input matrix");
  checkElapsed(elapsed);
  const unit = largestMagnitude(input.data) * elapsed || 1;
  const block = new Matrix(size + 2 * width, size + 2 * width);
  place(block, drift, 0, 0, elapsed);
  place(block, input, 0, size, elapsed / unit);
  place(block, Matrix.identity(width), size, size + width, 1);
  const whole = exponential(block);
  const scaled = (column: number): Matrix => {
    const weights = part(whole, 0, column, size, width);
    return new Matrix(
      size,
      width,
      weights.data.map((value) => value * unit),
    );
  };
  const end = scaled(size + width);
  return { transition: part(whole, 0, 0, size, size), start: plus(scaled(size), end, -1), end };
}

function place(block: Matrix, matrix: Matrix, row: number, column: number, scale: number): void {
  for (let i = 0; i < matrix.rows; i++)
    for (let j = 0; j < matrix.columns; j++) block.set(row + i, column + j, scale * matrix.get(i, j));
}

function part(block: Matrix, row: number, column: number, rows: number, columns: number): Matrix {
  const result = new Matrix(rows, columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result.set(i, j, block.get(row + i, column + j));
  return result;
}

function checkElapsed(elapsed: number): void {
  if (!(elapsed >= 0 && Number.isFinite(elapsed)))
    throw new TwinError(
      "BAD_TIME",
      `a step lasts ${elapsed}`,
      "expected a finite duration of 0 or more, in the unit of time of the rates: sort the readings by time",
    );
}

function checkRange(matrix: Matrix, elapsed: number): void {
  if (!matrix.data.every(Number.isFinite))
    throw new TwinError(
      "OVERFLOW",
      `a growing mode leaves double precision within ${elapsed} units of time`,
      "expected a shorter step, or rates that decay: look at their sign and their unit of time",
    );
}

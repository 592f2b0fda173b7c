import { TridiagonalEigensolver } from "../../linear-algebra/tridiagonal-eigen.ts";
import { addCombination, addScaled, gramInto, inner, zeroRows } from "./rows.ts";

/** What an eigenproblem of one size needs. */
class Workspace {
  readonly solver: TridiagonalEigensolver;
  readonly gram: readonly Float64Array[];
  readonly along: Float64Array;
  readonly combined: Float64Array;

  constructor(size: number) {
    this.solver = new TridiagonalEigensolver(size);
    this.gram = zeroRows(size, size);
    this.along = new Float64Array(size);
    this.combined = new Float64Array(size);
  }
}

/**
 * The symmetric transform of an ensemble by one whitened reading, from the eigenvalues λ of SSᵀ (N × N) or of SᵀS
 * (p × p), whichever is smaller; they share those above zero:
 *
 *     w = S(I + SᵀS)⁻¹ d,      T = (I + SSᵀ)^(−½) = I − S V diag(1/(√(1 + λ)(1 + √(1 + λ)))) Vᵀ Sᵀ
 *
 * Neither form of T subtracts near-equal numbers where λ is small. With an inflation l, X and S are taken as lX and lS.
 */
export class Spectrum {
  readonly #workspaces = new Map<number, Workspace>();
  #work = new Workspace(0);
  #inMembers = true;
  #anomalies: readonly Float64Array[] = [];
  #columns: readonly Float64Array[] = [];
  #innovation: Float64Array = new Float64Array(0);
  #inflation = 1;

  /** λ ≥ 0, min(N, p) of them: what round-off left below zero is zero. */
  get values(): Float64Array {
    return this.#work.solver.values;
  }

  /**
   * @param anomalies S by its N rows of p.
   * @param columns S by its p columns of N.
   * @param innovation the whitened d, p.
   */
  decompose(
    anomalies: readonly Float64Array[],
    columns: readonly Float64Array[],
    innovation: Float64Array,
  ): void {
    this.#anomalies = anomalies;
    this.#columns = columns;
    this.#innovation = innovation;
    this.#inflation = 1;
    this.#inMembers = columns.length >= anomalies.length;
    const rows = this.#inMembers ? anomalies : columns;
    this.#work = this.#workspaceOf(rows.length);
    const { gram, solver } = this.#work;
    gramInto(gram, rows, this.#inMembers ? columns.length : anomalies.length);
    solver.solve(gram);
    const { values } = solver;
    for (let index = 0; index < values.length; index++) values[index] = Math.max(0, values[index] as number);
  }

  inflate(factor: number): void {
    this.#inflation = factor;
  }

  /** λ_j d_j² of each λ_j, d_j the innovation along its direction; the inflation does not enter. */
  alignments(): Float64Array {
    const { values, vectors } = this.#work.solver;
    const along = this.#inMembers ? this.#membersAlong() : this.#innovation;
    return values.map((value, index) => {
      const projection = inner(vectors[index] as Float64Array, along, along.length);
      return projection * projection * (this.#inMembers ? 1 : value);
    });
  }

  /** `out` ← w, N: the mean moves by Xᵀ w/√(N − 1), for the X that is not inflated yet. */
  weights(out: Float64Array): void {
    const { values, vectors } = this.#work.solver;
    const along = this.#inMembers ? this.#membersAlong() : this.#innovation;
    const target = this.#inMembers ? out : this.#work.combined;
    const squared = this.#inflation ** 2;
    target.fill(0);
    for (let index = 0; index < values.length; index++) {
      const vector = vectors[index] as Float64Array;
      const projection = inner(vector, along, along.length);
      addScaled(
        target,
        (squared * projection) / (1 + squared * (values[index] as number)),
        vector,
        vector.length,
      );
    }
    if (this.#inMembers) return;
    out.fill(0);
    addCombination(out, target, this.#columns, out.length);
  }

  /** X ← T l X, by its N rows of n. */
  transform(anomalies: readonly Float64Array[]): void {
    const length = anomalies[0]?.length ?? 0;
    const scale = this.#inflation;
    if (this.#inMembers) {
      const function_ = this.#functionRows((value) => scale / Math.sqrt(1 + scale * scale * value));
      const before = anomalies.map((anomaly) => anomaly.slice());
      for (let member = 0; member < anomalies.length; member++) {
        const target = anomalies[member] as Float64Array;
        target.fill(0);
        addCombination(target, function_[member] as Float64Array, before, length);
      }
      return;
    }
    const function_ = this.#functionRows((value) => -(scale ** 3) * shrinkage(scale * scale * value));
    const cross = zeroRows(this.#columns.length, length);
    const steps = zeroRows(this.#columns.length, length);
    for (let place = 0; place < cross.length; place++)
      addCombination(cross[place] as Float64Array, this.#columns[place] as Float64Array, anomalies, length);
    for (let place = 0; place < cross.length; place++)
      addCombination(steps[place] as Float64Array, function_[place] as Float64Array, cross, length);
    for (let member = 0; member < anomalies.length; member++) {
      const target = anomalies[member] as Float64Array;
      if (scale !== 1) addScaled(target, scale - 1, target, length);
      addCombination(target, this.#anomalies[member] as Float64Array, steps, length);
    }
  }

  /** The same for the anomalies of a single state, N entries: no matrix is formed. */
  transformState(column: Float64Array): void {
    const { solver, along, combined } = this.#work;
    const { values, vectors } = solver;
    const size = values.length;
    const scale = this.#inflation;
    const source = this.#inMembers ? column : along;
    if (!this.#inMembers)
      for (let place = 0; place < size; place++)
        along[place] = inner(this.#columns[place] as Float64Array, column, column.length);
    combined.fill(0);
    for (let index = 0; index < size; index++) {
      const vector = vectors[index] as Float64Array;
      const scaled = scale * scale * (values[index] as number);
      const factor = this.#inMembers ? scale / Math.sqrt(1 + scaled) : -(scale ** 3) * shrinkage(scaled);
      addScaled(combined, factor * inner(vector, source, size), vector, size);
    }
    if (this.#inMembers) {
      column.set(combined);
      return;
    }
    if (scale !== 1) addScaled(column, scale - 1, column, column.length);
    addCombination(column, combined, this.#columns, column.length);
  }

  /** Rows of V diag(f(λ)) Vᵀ. */
  #functionRows(of: (value: number) => number): Float64Array[] {
    const { solver, along } = this.#work;
    const { values, vectors } = solver;
    const factors = values.map(of);
    const rows = zeroRows(values.length, values.length);
    for (let row = 0; row < rows.length; row++) {
      for (let index = 0; index < along.length; index++)
        along[index] = (factors[index] as number) * ((vectors[index] as Float64Array)[row] as number);
      addCombination(rows[row] as Float64Array, along, vectors, rows.length);
    }
    return rows;
  }

  /** S d, N. */
  #membersAlong(): Float64Array {
    const along = new Float64Array(this.#anomalies.length);
    addCombination(along, this.#innovation, this.#columns, along.length);
    return along;
  }

  #workspaceOf(size: number): Workspace {
    const known = this.#workspaces.get(size);
    if (known) return known;
    const workspace = new Workspace(size);
    this.#workspaces.set(size, workspace);
    return workspace;
  }
}

/** (1 − 1/√(1 + λ))/λ, without the difference. */
function shrinkage(value: number): number {
  const root = Math.sqrt(1 + value);
  return 1 / (root * (1 + root));
}

import { Matrix as Dense, type Matrix } from "../../linear-algebra/matrix.ts";

/** |zᵀA| below this share of what it is summed from is rounding: the reading does not see the unknown direction. */
const ROUNDING = 1e-12;

/**
 * The directions A, n × d, in which nothing is known yet: P∞ = A Aᵀ.
 *
 * A reading z that sees them (w = Aᵀz ≠ 0) ends one: after a reflection H with wᵀH = (‖w‖, 0, …, 0) the first column of A H is
 * dropped. The rank of P∞ so falls by exactly one, and the diffuse phase ends with an empty A, not when P∞ has become
 * small. The algebra is that of the exact initial Kalman filter, whose F∞ is ‖w‖² and whose M∞ is A w.
 *
 * @see Koopman (1997), J. Am. Stat. Assoc. 92; Durbin & Koopman (2012), §§5.2, 6.4.
 */
export class DiffuseDirections {
  #columns: Float64Array[];
  /** The same directions as if no reading had ended any: what rounding in A is measured against. */
  #undiminished: Float64Array[];
  #seen: Float64Array;

  constructor(directions: Matrix | undefined) {
    this.#columns = directions === undefined ? [] : columnsOf(directions);
    this.#undiminished = this.#columns.map((column) => column.slice());
    this.#seen = new Float64Array(this.#columns.length);
  }

  get count(): number {
    return this.#columns.length;
  }

  /** A, n × d; undefined when everything is known. */
  matrix(): Matrix | undefined {
    const [first] = this.#columns;
    if (first === undefined) return undefined;
    const result = new Dense(first.length, this.#columns.length);
    this.#columns.forEach((column, index) => {
      column.forEach((value, row) => {
        result.set(row, index, value);
      });
    });
    return result;
  }

  /** F∞ = ‖Aᵀz‖², or 0 where the reading does not see A. */
  seen(row: Float64Array): number {
    let total = 0;
    this.#columns.forEach((column, index) => {
      let sum = 0;
      for (let entry = 0; entry < row.length; entry++)
        sum += (row[entry] as number) * (column[entry] as number);
      this.#seen[index] = sum;
      total += sum * sum;
    });
    return Math.sqrt(total) > ROUNDING * this.#scale(row) ? total : 0;
  }

  /** After `seen`: `gain` ← A w / F∞, and the direction w is known from now on. */
  end(variance: number, gain: Float64Array): void {
    const seen = this.#seen.subarray(0, this.#columns.length);
    gain.fill(0);
    this.#columns.forEach((column, index) => {
      addScaled(gain, (seen[index] as number) / variance, column);
    });
    this.#drop(seen);
  }

  /** A ← F A. */
  propagate(transition: Matrix): void {
    if (this.#columns.length === 0) return;
    this.#columns = this.#columns.map((column) => product(transition, column));
    this.#undiminished = this.#undiminished.map((column) => product(transition, column));
  }

  /** Reflects about the largest entry of w, so that unit vectors stay unit vectors, and drops that column. */
  #drop(seen: Float64Array): void {
    let pivot = 0;
    seen.forEach((value, index) => {
      if (Math.abs(value) > Math.abs(seen[pivot] as number)) pivot = index;
    });
    const norm = Math.hypot(...seen);
    const head = seen[pivot] as number;
    const shifted = head + (head >= 0 ? norm : -norm);
    const combined = new Float64Array(this.#columns[0]?.length ?? 0);
    this.#columns.forEach((column, index) => {
      addScaled(combined, index === pivot ? 1 : (seen[index] as number) / shifted, column);
    });
    // H = I − τ u uᵀ with u_pivot = 1, u_j = w_j/shifted, τ = shifted/(±norm).
    const scale = shifted / (head >= 0 ? norm : -norm);
    this.#columns.forEach((column, index) => {
      if (index !== pivot) addScaled(column, (-scale * (seen[index] as number)) / shifted, combined);
    });
    this.#columns.splice(pivot, 1);
  }

  #scale(row: Float64Array): number {
    let sum = 0;
    for (let entry = 0; entry < row.length; entry++) {
      if (row[entry] === 0) continue;
      let squares = 0;
      for (const column of this.#undiminished) squares += (column[entry] as number) ** 2;
      sum += Math.abs(row[entry] as number) * Math.sqrt(squares);
    }
    return sum;
  }
}

const columnsOf = (matrix: Matrix): Float64Array[] =>
  Array.from({ length: matrix.columns }, (_, column) =>
    Float64Array.from({ length: matrix.rows }, (_unused, row) => matrix.get(row, column)),
  );

function addScaled(target: Float64Array, scale: number, source: Float64Array): void {
  for (let index = 0; index < target.length; index++)
    target[index] = (target[index] as number) + scale * (source[index] as number);
}

const product = (matrix: Matrix, vector: Float64Array): Float64Array =>
  vector.map((_, row) => {
    let sum = 0;
    for (let inner = 0; inner < vector.length; inner++)
      sum += matrix.get(row, inner) * (vector[inner] as number);
    return sum;
  });

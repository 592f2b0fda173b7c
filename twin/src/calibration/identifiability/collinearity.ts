import { Matrix, norm } from "../../linear-algebra/matrix.ts";
import { singularValues } from "../../linear-algebra/svd.ts";

/** How nearly a group of parameters does what its members could do for one another. */
export interface CollinearGroup {
  readonly ids: readonly string[];
  /** γ ≥ 1: a change of one of them by 1 can be undone by the others down to 1/γ. */
  readonly index: number;
}

/**
 * Collinearity index of groups of parameters:
 *
 *     γ_K = 1/√λ_min(S̃_KᵀS̃_K),   S̃ = the columns of ∂h/∂θ at unit length
 *
 * From 10 to 15 on a group is not estimated together. It does not depend on units or on the noise's level, only on directions: what no amount of the same data mends.
 *
 * @param jacobian whitened, n × p, n ≥ p.
 * @param largest group size looked at, default 3; groups grow as C(p, k).
 * @returns groups from 2 on, the most collinear first; a parameter without effect is left out.
 * @see Brun, Reichert & Künsch (2001), Water Resources Research 37(4).
 */
export function collinearGroups(jacobian: Matrix, ids: readonly string[], largest = 3): CollinearGroup[] {
  const columns = normalised(jacobian);
  const usable = columns.map((_, index) => index).filter((index) => columns[index] !== undefined);
  const groups: CollinearGroup[] = [];
  for (let size = 2; size <= Math.min(largest, usable.length); size++)
    for (const members of combinations(usable, size)) {
      const group = new Matrix(jacobian.rows, size);
      members.forEach((member, column) => {
        const values = columns[member] as Float64Array;
        for (let row = 0; row < jacobian.rows; row++) group.set(row, column, values[row] as number);
      });
      groups.push({
        ids: members.map((member) => ids[member] as string),
        index: 1 / (singularValues(group)[size - 1] as number),
      });
    }
  return groups.sort((left, right) => right.index - left.index);
}

/** Columns of unit length; undefined for a column of zeros. */
function normalised(jacobian: Matrix): (Float64Array | undefined)[] {
  return Array.from({ length: jacobian.columns }, (_, column) => {
    const values = Float64Array.from({ length: jacobian.rows }, (_, row) => jacobian.get(row, column));
    const length = norm(values);
    return length > 0 ? values.map((value) => value / length) : undefined;
  });
}

function combinations(items: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) =>
    combinations(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  );
}

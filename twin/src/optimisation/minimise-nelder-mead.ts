import { CountedObjective, type Minimum, type Objective } from "./minimise-counted.ts";

export interface NelderMeadOptions {
  /** Size of the first simplex in each coordinate; 0.1 · max(|x|, 1) when absent. */
  readonly steps?: ArrayLike<number>;
  /** Stop when both the simplex and its values are this small, relative to max(|x|, 1) and max(|f|, 1); 1e-10 when absent. */
  readonly tolerance?: number;
  readonly maxEvaluations?: number;
}

interface Vertex {
  readonly x: Float64Array;
  readonly value: number;
}

/**
 * Minimises without derivatives: a simplex of n + 1 points creeps downhill. For objectives with kinks or noise and few
 * coordinates (≤ 10); slow where BFGS works. Coefficients grow with the dimension so that it does not collapse.
 *
 * @see Nelder & Mead (1965), Computer J. 7; Gao & Han (2012), Comput. Optim. Appl. 51.
 */
export function nelderMead(
  objective: Objective,
  start: ArrayLike<number>,
  options: NelderMeadOptions = {},
): Minimum {
  const counted = new CountedObjective(objective);
  const simplex = simplexAt(counted, Float64Array.from(start), options.steps);
  const size = start.length;
  const limit = options.maxEvaluations ?? 400 * (size + 1);
  const tolerance = options.tolerance ?? 1e-10;
  let iterations = 0;
  const stop = (converged: boolean, reason: Minimum["reason"]): Minimum => {
    const { x, value } = simplex[0] as Vertex;
    const { evaluations, failures } = counted;
    return { x, value, converged, reason, iterations, evaluations, failures };
  };
  for (;;) {
    simplex.sort((left, right) => left.value - right.value);
    const best = simplex[0] as Vertex;
    if (!Number.isFinite(best.value)) return stop(false, best.value < 0 ? "unbounded" : "no finite start");
    if (isSmall(simplex, tolerance)) return stop(true, "simplex");
    if (counted.evaluations >= limit) return stop(false, "evaluations");
    iterations++;
    moveWorst(counted, simplex);
  }
}

function simplexAt(objective: CountedObjective, x: Float64Array, steps?: ArrayLike<number>): Vertex[] {
  const vertices = [{ x, value: objective.at(x) }];
  for (let index = 0; index < x.length; index++) {
    const moved = x.slice();
    moved[index] = (x[index] as number) + (steps?.[index] ?? 0.1 * Math.max(Math.abs(x[index] as number), 1));
    vertices.push({ x: moved, value: objective.at(moved) });
  }
  return vertices;
}

/** Reflects, expands or contracts the worst vertex through the centre of the others; shrinks all towards the best otherwise. */
function moveWorst(objective: CountedObjective, simplex: Vertex[]): void {
  const size = simplex.length - 1;
  const worst = simplex[size] as Vertex;
  const [best, second] = [simplex[0] as Vertex, simplex[size - 1] as Vertex];
  const centre = worst.x.map((_, index) => {
    let sum = 0;
    for (let vertex = 0; vertex < size; vertex++) sum += (simplex[vertex] as Vertex).x[index] as number;
    return sum / size;
  });
  const through = (factor: number): Vertex => {
    const x = centre.map((value, index) => value + factor * (value - (worst.x[index] as number)));
    return { x, value: objective.at(x) };
  };
  const reflected = through(1);
  if (reflected.value < best.value) {
    const expanded = through(1 + 2 / Math.max(size, 2));
    simplex[size] = expanded.value < reflected.value ? expanded : reflected;
    return;
  }
  if (reflected.value < second.value) {
    simplex[size] = reflected;
    return;
  }
  const inward = 0.75 - 1 / (2 * Math.max(size, 2));
  const contracted = through(reflected.value < worst.value ? inward : -inward);
  if (contracted.value < Math.min(reflected.value, worst.value)) {
    simplex[size] = contracted;
    return;
  }
  const keep = 1 - 1 / Math.max(size, 2);
  for (let vertex = 1; vertex <= size; vertex++) {
    const old = simplex[vertex] as Vertex;
    const x = old.x.map((value, index) => {
      const target = best.x[index] as number;
      return target + keep * (value - target);
    });
    simplex[vertex] = { x, value: objective.at(x) };
  }
}

function isSmall(simplex: readonly Vertex[], tolerance: number): boolean {
  const best = simplex[0] as Vertex;
  const worst = simplex[simplex.length - 1] as Vertex;
  if (!(worst.value - best.value <= tolerance * Math.max(Math.abs(best.value), 1))) return false;
  return simplex.every(({ x }) =>
    x.every(
      (value, index) =>
        Math.abs(value - (best.x[index] as number)) <=
        Math.sqrt(tolerance) * Math.max(Math.abs(best.x[index] as number), 1),
    ),
  );
}

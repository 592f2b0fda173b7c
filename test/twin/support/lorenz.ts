/** Chaotic models that ensemble filters are compared on, integrated with the classical Runge–Kutta rule of fixed step. */

export type Tendency = (state: Float64Array, out: Float64Array) => void;

/** dx_i/dt = (x_{i+1} − x_{i−2}) x_{i−1} − x_i + 8 on a ring. @see Lorenz (1996), Predictability: a problem partly solved. */
export const lorenz96: Tendency = (state, out) => {
  const size = state.length;
  let twoBack = state[size - 2]!;
  let back = state[size - 1]!;
  let here = state[0]!;
  for (let index = 0; index < size; index++) {
    const next = index + 1 < size ? state[index + 1]! : state[0]!;
    out[index] = (next - twoBack) * back - here + 8;
    twoBack = back;
    back = here;
    here = next;
  }
};

/** σ = 10, ρ = 28, β = 8/3. @see Lorenz (1963), J. Atmos. Sci. 20. */
export const lorenz63: Tendency = (state, out) => {
  const x = state[0]!;
  const y = state[1]!;
  const z = state[2]!;
  out[0] = 10 * (y - x);
  out[1] = x * (28 - z) - y;
  out[2] = x * y - (8 / 3) * z;
};

/** x(to) from x(from) in whole steps of `step`. */
export function rungeKutta(
  tendency: Tendency,
  size: number,
  step: number,
): (state: Float64Array, from: number, to: number, out: Float64Array) => void {
  const slopes = Array.from({ length: 4 }, () => new Float64Array(size));
  const middle = new Float64Array(size);
  const [k1, k2, k3, k4] = slopes as [Float64Array, Float64Array, Float64Array, Float64Array];
  return (state, from, to, out) => {
    out.set(state);
    for (let left = Math.round((to - from) / step); left > 0; left--) {
      tendency(out, k1);
      for (let i = 0; i < size; i++) middle[i] = out[i]! + (step / 2) * k1[i]!;
      tendency(middle, k2);
      for (let i = 0; i < size; i++) middle[i] = out[i]! + (step / 2) * k2[i]!;
      tendency(middle, k3);
      for (let i = 0; i < size; i++) middle[i] = out[i]! + step * k3[i]!;
      tendency(middle, k4);
      for (let i = 0; i < size; i++)
        out[i] = out[i]! + (step / 6) * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!);
    }
  };
}

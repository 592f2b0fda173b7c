import { inRange, type SmallWork, type Sums, storeSums } from "./small-work.ts";

type State = [...head: Sums, a1: number, a2: number, d1: number, d2: number, u: number];
type Transition = readonly [f11: number, f12: number, f21: number, f22: number];
type Noise = readonly [q1: number, q2: number, unit: number];

/** A run of two states. */
export function run2(work: SmallWork, step: number, from: number, to: number): void {
  const { variance, readings } = work;
  const state = work.state as unknown as State;
  const { 0: f11, 1: f12, 2: f21, 3: f22 } = work.transitions[step] as unknown as Transition;
  const { 0: q1, 1: q2, 2: unit } = work.noises[step] as unknown as Noise;
  const { 0: z1, 1: z2 } = work.row as unknown as [number, number];
  let { 0: squares, 1: logs, 2: product, 3: present, 4: v, 5: f } = state;
  let { 6: a1, 7: a2, 8: d1, 9: d2, 10: u } = state;
  for (let t = from; t < to; t++) {
    const ahead = f11 * a1 + f12 * a2;
    a2 = f21 * a1 + f22 * a2;
    a1 = ahead;
    // Rows of [F U, U_Q]: (f11, w1, 1, unit) and (f21, w2, 0, 1), weighted by (d1, d2, q1, q2).
    const w1 = f11 * u + f12;
    const w2 = f21 * u + f22;
    const below = f21 * f21 * d1 + w2 * w2 * d2 + q2;
    u = below > 0 ? (f11 * f21 * d1 + w1 * w2 * d2 + unit * q2) / below : 0;
    const left = f11 - u * f21;
    const right = w1 - u * w2;
    d1 = left * left * d1 + right * right * d2 + (unit - u) * (unit - u) * q2 + q1;
    d2 = below;
    v = (readings[t] as number) - z1 * a1 - z2 * a2;
    if (Number.isNaN(v)) continue;
    const b1 = d1 * z1;
    const f1 = variance + z1 * b1;
    const along = u * z1 + z2;
    const b2 = d2 * along;
    f = f1 + along * b2;
    const inverse = 1 / f;
    const scaled = v * inverse;
    a1 += (b1 + b2 * u) * scaled;
    a2 += b2 * scaled;
    d1 *= variance / f1;
    d2 *= f1 * inverse;
    u = (u * variance - z2 * b1) / f1;
    squares += v * scaled;
    product *= f;
    present++;
    if (!inRange(product)) {
      logs += Math.log(product);
      product = 1;
    }
  }
  storeSums(state, squares, logs, product, present);
  state[4] = v;
  state[5] = f;
  state[6] = a1;
  state[7] = a2;
  state[8] = d1;
  state[9] = d2;
  state[10] = u;
}

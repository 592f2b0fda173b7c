import type { SmallSums, SmallWork } from "./small-work.ts";

/** Mean a, D and (u12, u13, u23). */
type State3 = [
  ...[v: number, f: number, a1: number, a2: number, a3: number],
  ...[d1: number, d2: number, d3: number, u12: number, u13: number, u23: number],
];
type Transition3 = readonly [
  ...[f11: number, f12: number, f13: number],
  ...[f21: number, f22: number, f23: number],
  ...[f31: number, f32: number, f33: number],
];
type Noise3 = readonly [d1: number, d2: number, d3: number, u12: number, u13: number, u23: number];

function update3(
  state: State3,
  z: readonly [number, number, number],
  variance: number,
  reading: number,
): void {
  const u12 = state[8];
  const u13 = state[9];
  const u23 = state[10];
  const b1 = state[5] * z[0];
  const f1 = variance + z[0] * b1;
  const along2 = u12 * z[0] + z[1];
  const b2 = state[6] * along2;
  const f2 = f1 + along2 * b2;
  const along3 = u13 * z[0] + u23 * z[1] + z[2];
  const b3 = state[7] * along3;
  const f3 = f2 + along3 * b3;
  const innovation = reading - z[0] * state[2] - z[1] * state[3] - z[2] * state[4];
  const scaled = innovation / f3;
  const ahead = b1 + b2 * u12;
  state[0] = innovation;
  state[1] = f3;
  state[2] += (ahead + b3 * u13) * scaled;
  state[3] += (b2 + b3 * u23) * scaled;
  state[4] += b3 * scaled;
  state[5] *= variance / f1;
  state[6] *= f1 / f2;
  state[7] *= f2 / f3;
  state[8] = u12 - (along2 / f1) * b1;
  state[9] = u13 - (along3 / f2) * ahead;
  state[10] = u23 - (along3 / f2) * b2;
}

function predict3(state: State3, transition: Transition3, noise: Noise3): void {
  const [d1, d2, d3] = [state[5], state[6], state[7]];
  const [q1, q2, q3] = [noise[0], noise[1], noise[2]];
  advanceMean3(state, transition);
  // Rows of [F U, U_Q], last first: what each adds to those above is taken out of them.
  const [z1, z2, z3] = row3(state, transition[6], transition[7], transition[8]);
  const [y1, y2, y3] = row3(state, transition[3], transition[4], transition[5]);
  const [x1, x2, x3] = row3(state, transition[0], transition[1], transition[2]);
  const last = z1 * z1 * d1 + z2 * z2 * d2 + z3 * z3 * d3 + q3;
  const inverse = last > 0 ? 1 / last : 0;
  const u23 = (y1 * z1 * d1 + y2 * z2 * d2 + y3 * z3 * d3 + noise[5] * q3) * inverse;
  const u13 = (x1 * z1 * d1 + x2 * z2 * d2 + x3 * z3 * d3 + noise[4] * q3) * inverse;
  const [m1, m2, m3, m6] = [y1 - u23 * z1, y2 - u23 * z2, y3 - u23 * z3, noise[5] - u23];
  const [n1, n2, n3, n6] = [x1 - u13 * z1, x2 - u13 * z2, x3 - u13 * z3, noise[4] - u13];
  const middle = m1 * m1 * d1 + m2 * m2 * d2 + m3 * m3 * d3 + q2 + m6 * m6 * q3;
  const across = n1 * m1 * d1 + n2 * m2 * d2 + n3 * m3 * d3 + noise[3] * q2 + n6 * m6 * q3;
  const u12 = middle > 0 ? across / middle : 0;
  const [k1, k2, k3] = [n1 - u12 * m1, n2 - u12 * m2, n3 - u12 * m3];
  const [k5, k6] = [noise[3] - u12, n6 - u12 * m6];
  state[5] = k1 * k1 * d1 + k2 * k2 * d2 + k3 * k3 * d3 + q1 + k5 * k5 * q2 + k6 * k6 * q3;
  state[6] = middle;
  state[7] = last;
  state[8] = u12;
  state[9] = u13;
  state[10] = u23;
}

/** (f1, f2, f3) U. */
const row3 = (state: State3, f1: number, f2: number, f3: number): readonly [number, number, number] => [
  f1,
  f1 * state[8] + f2,
  f1 * state[9] + f2 * state[10] + f3,
];

function advanceMean3(state: State3, f: Transition3): void {
  const [a1, a2, a3] = [state[2], state[3], state[4]];
  state[2] = f[0] * a1 + f[1] * a2 + f[2] * a3;
  state[3] = f[3] * a1 + f[4] * a2 + f[5] * a3;
  state[4] = f[6] * a1 + f[7] * a2 + f[8] * a3;
}

/** `smallFilter` of three states. */
export function pass3({
  state,
  row,
  variance,
  transitions,
  noises,
  readings,
  steps,
  keep,
}: SmallWork): SmallSums {
  const belief = state as unknown as State3;
  const z = row as unknown as readonly [number, number, number];
  let squares = 0;
  let present = 0;
  let product = 1;
  let logs = 0;
  for (let t = 0; t < readings.length; t++) {
    const step = steps === undefined ? 0 : (steps[t - 1] as number);
    if (t > 0)
      predict3(belief, transitions[step] as unknown as Transition3, noises[step] as unknown as Noise3);
    const reading = readings[t] as number;
    if (!Number.isNaN(reading)) {
      update3(belief, z, variance, reading);
      squares += (belief[0] / belief[1]) * belief[0];
      product *= belief[1];
      present++;
      if (!(product < 1e100 && product > 1e-100)) {
        logs += Math.log(product);
        product = 1;
      }
    }
    if (keep !== undefined) keep(t, !Number.isNaN(reading));
  }
  return { squares, present, logs: logs + Math.log(product) };
}

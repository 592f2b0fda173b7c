import { inRange, type SmallWork, type Sums } from "./small-work.ts";

type State = [
  ...head: Sums,
  ...mean: [a1: number, a2: number, a3: number],
  ...factor: [d1: number, d2: number, d3: number, u12: number, u13: number, u23: number],
];
type Row = readonly [number, number, number];
type Transition = readonly [...Row, ...Row, ...Row];
type Noise = readonly [q1: number, q2: number, q3: number, u12: number, u13: number, u23: number];

/** A run of three states. */
export function run3(work: SmallWork, step: number, from: number, to: number): void {
  const { variance, readings } = work;
  const state = work.state as unknown as State;
  const transition = work.transitions[step] as unknown as Transition;
  const noise = work.noises[step] as unknown as Noise;
  const row = work.row as unknown as Row;
  for (let t = from; t < to; t++) {
    predictMean(state, transition);
    predictFactor(state, transition, noise);
    const v = (readings[t] as number) - row[0] * state[6] - row[1] * state[7] - row[2] * state[8];
    state[4] = v;
    if (Number.isNaN(v)) continue;
    update(state, row, variance, v);
    state[0] += (v / state[5]) * v;
    state[2] *= state[5];
    state[3]++;
    if (!inRange(state[2])) {
      state[1] += Math.log(state[2]);
      state[2] = 1;
    }
  }
}

function predictMean(state: State, f: Transition): void {
  const { 6: a1, 7: a2, 8: a3 } = state;
  state[6] = f[0] * a1 + f[1] * a2 + f[2] * a3;
  state[7] = f[3] * a1 + f[4] * a2 + f[5] * a3;
  state[8] = f[6] * a1 + f[7] * a2 + f[8] * a3;
}

function predictFactor(state: State, transition: Transition, noise: Noise): void {
  const { 9: d1, 10: d2, 11: d3, 12: u12, 13: u13, 14: u23 } = state;
  const { 0: q1, 1: q2, 2: q3, 3: g12, 4: g13, 5: g23 } = noise;
  const { 0: x1, 1: f12, 2: f13, 3: y1, 4: f22, 5: f23, 6: z1, 7: f32, 8: f33 } = transition;
  // Rows x, y, z of [F U, U_Q], last first: what a row shares with those above is taken out of them.
  const z2 = z1 * u12 + f32;
  const z3 = z1 * u13 + f32 * u23 + f33;
  const y2 = y1 * u12 + f22;
  const y3 = y1 * u13 + f22 * u23 + f23;
  const x2 = x1 * u12 + f12;
  const x3 = x1 * u13 + f12 * u23 + f13;
  const last = z1 * z1 * d1 + z2 * z2 * d2 + z3 * z3 * d3 + q3;
  const inverse = last > 0 ? 1 / last : 0;
  const s23 = (y1 * z1 * d1 + y2 * z2 * d2 + y3 * z3 * d3 + g23 * q3) * inverse;
  const s13 = (x1 * z1 * d1 + x2 * z2 * d2 + x3 * z3 * d3 + g13 * q3) * inverse;
  const m1 = y1 - s23 * z1;
  const m2 = y2 - s23 * z2;
  const m3 = y3 - s23 * z3;
  const m6 = g23 - s23;
  const n1 = x1 - s13 * z1;
  const n2 = x2 - s13 * z2;
  const n3 = x3 - s13 * z3;
  const n6 = g13 - s13;
  const middle = m1 * m1 * d1 + m2 * m2 * d2 + m3 * m3 * d3 + q2 + m6 * m6 * q3;
  const across = n1 * m1 * d1 + n2 * m2 * d2 + n3 * m3 * d3 + g12 * q2 + n6 * m6 * q3;
  const s12 = middle > 0 ? across / middle : 0;
  const k1 = n1 - s12 * m1;
  const k2 = n2 - s12 * m2;
  const k3 = n3 - s12 * m3;
  const k5 = g12 - s12;
  const k6 = n6 - s12 * m6;
  state[9] = k1 * k1 * d1 + k2 * k2 * d2 + k3 * k3 * d3 + q1 + k5 * k5 * q2 + k6 * k6 * q3;
  state[10] = middle;
  state[11] = last;
  state[12] = s12;
  state[13] = s13;
  state[14] = s23;
}

function update(state: State, row: Row, variance: number, v: number): void {
  const { 12: u12, 13: u13, 14: u23 } = state;
  const b1 = state[9] * row[0];
  const f1 = variance + row[0] * b1;
  const along2 = u12 * row[0] + row[1];
  const b2 = state[10] * along2;
  const f2 = f1 + along2 * b2;
  const along3 = u13 * row[0] + u23 * row[1] + row[2];
  const b3 = state[11] * along3;
  const f3 = f2 + along3 * b3;
  const ahead = b1 + b2 * u12;
  const scaled = v / f3;
  state[5] = f3;
  state[6] += (ahead + b3 * u13) * scaled;
  state[7] += (b2 + b3 * u23) * scaled;
  state[8] += b3 * scaled;
  state[9] *= variance / f1;
  state[10] *= f1 / f2;
  state[11] *= f2 / f3;
  state[12] = u12 - (along2 / f1) * b1;
  state[13] = u13 - (along3 / f2) * ahead;
  state[14] = u23 - (along3 / f2) * b2;
}

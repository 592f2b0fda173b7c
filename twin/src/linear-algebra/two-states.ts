import type { SmallSums, SmallWork } from "./small-work.ts";

type State2 = [v: number, f: number, a1: number, a2: number, d1: number, d2: number, u: number];
type Transition2 = readonly [number, number, number, number];
type Noise2 = readonly [number, number, number];

function update2(state: State2, z: readonly [number, number], variance: number, reading: number): void {
  const u = state[6];
  const b1 = state[4] * z[0];
  const f1 = variance + z[0] * b1;
  const along = u * z[0] + z[1];
  const b2 = state[5] * along;
  const f2 = f1 + along * b2;
  const innovation = reading - z[0] * state[2] - z[1] * state[3];
  const scaled = innovation / f2;
  state[0] = innovation;
  state[1] = f2;
  state[2] += (b1 + b2 * u) * scaled;
  state[3] += b2 * scaled;
  state[4] *= variance / f1;
  state[5] *= f1 / f2;
  state[6] = u - (along / f1) * b1;
}

function predict2(state: State2, transition: Transition2, noise: Noise2): void {
  const [f11, f12, f21, f22] = [transition[0], transition[1], transition[2], transition[3]];
  const d1 = state[4];
  const d2 = state[5];
  const a1 = state[2];
  state[2] = f11 * a1 + f12 * state[3];
  state[3] = f21 * a1 + f22 * state[3];
  // Rows of [F U, U_Q]: (f11, w1, 1, g) and (f21, w2, 0, 1), weighted by (d1, d2, q1, q2).
  const w1 = f11 * state[6] + f12;
  const w2 = f21 * state[6] + f22;
  const below = f21 * f21 * d1 + w2 * w2 * d2 + noise[1];
  const share = below > 0 ? (f11 * f21 * d1 + w1 * w2 * d2 + noise[2] * noise[1]) / below : 0;
  const r1 = f11 - share * f21;
  const r2 = w1 - share * w2;
  const r3 = noise[2] - share;
  state[4] = r1 * r1 * d1 + r2 * r2 * d2 + r3 * r3 * noise[1] + noise[0];
  state[5] = below;
  state[6] = share;
}

/** `smallFilter` of two states. */
export function pass2({
  state,
  row,
  variance,
  transitions,
  noises,
  readings,
  steps,
  keep,
}: SmallWork): SmallSums {
  const belief = state as unknown as State2;
  const z = row as unknown as readonly [number, number];
  let squares = 0;
  let present = 0;
  let product = 1;
  let logs = 0;
  for (let t = 0; t < readings.length; t++) {
    const step = steps === undefined ? 0 : (steps[t - 1] as number);
    if (t > 0)
      predict2(belief, transitions[step] as unknown as Transition2, noises[step] as unknown as Noise2);
    const reading = readings[t] as number;
    if (!Number.isNaN(reading)) {
      update2(belief, z, variance, reading);
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

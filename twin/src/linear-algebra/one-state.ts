import type { SmallSums, SmallWork } from "./small-work.ts";

type State1 = [v: number, f: number, a: number, d: number];
type Transition1 = readonly [number];
type Noise1 = readonly [number];

function update1(state: State1, z: readonly [number], variance: number, reading: number): void {
  const spread = state[3] * z[0];
  const innovation = reading - z[0] * state[2];
  const f = variance + z[0] * spread;
  state[0] = innovation;
  state[1] = f;
  state[2] += (spread * innovation) / f;
  state[3] *= variance / f;
}

function predict1(state: State1, transition: Transition1, noise: Noise1): void {
  state[2] *= transition[0];
  state[3] = state[3] * transition[0] * transition[0] + noise[0];
}

/** `smallFilter` of one state: see `small-work.ts` for what stands where. */
export function pass1({
  state,
  row,
  variance,
  transitions,
  noises,
  readings,
  steps,
  keep,
}: SmallWork): SmallSums {
  const belief = state as unknown as State1;
  const z = row as unknown as readonly [number];
  let squares = 0;
  let present = 0;
  let product = 1;
  let logs = 0;
  for (let t = 0; t < readings.length; t++) {
    const step = steps === undefined ? 0 : (steps[t - 1] as number);
    if (t > 0)
      predict1(belief, transitions[step] as unknown as Transition1, noises[step] as unknown as Noise1);
    const reading = readings[t] as number;
    if (!Number.isNaN(reading)) {
      update1(belief, z, variance, reading);
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

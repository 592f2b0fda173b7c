import { inRange, type SmallWork, type Sums, storeSums } from "./small-work.ts";

type State = [...head: Sums, mean: number, variance: number];

/** A run of one state: D is the variance itself. */
export function run1(work: SmallWork, step: number, from: number, to: number): void {
  const { variance, readings } = work;
  const state = work.state as unknown as State;
  const { 0: transition } = work.transitions[step] as unknown as [number];
  const { 0: noise } = work.noises[step] as unknown as [number];
  const { 0: z } = work.row as unknown as [number];
  let { 0: squares, 1: logs, 2: product, 3: present, 4: v, 5: f, 6: a, 7: d } = state;
  for (let t = from; t < to; t++) {
    a *= transition;
    d = d * transition * transition + noise;
    v = (readings[t] as number) - z * a;
    if (Number.isNaN(v)) continue;
    f = variance + z * z * d;
    const inverse = 1 / f;
    a += z * d * v * inverse;
    d *= variance * inverse;
    squares += v * v * inverse;
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
  state[6] = a;
  state[7] = d;
}

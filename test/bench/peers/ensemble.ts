import { EnsembleFilter } from "@plumbline/twin/estimation/ensemble/ensemble-filter";
import { perturbedObservations } from "@plumbline/twin/estimation/ensemble/perturbed-observations";
import { squareRootTransform } from "@plumbline/twin/estimation/ensemble/square-root-transform";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { seeded } from "../../support/random.ts";
import type { Bench } from "../row.ts";
import { againstPeer, type PreparedTask } from "./against.ts";

const SIZE = 40;
const STEP = 0.05;
const MEMBERS = 40;

/** dx_i/dt = (x_{i+1} − x_{i−2}) x_{i−1} − x_i + 8 on a ring (Lorenz 1996), by one step of Runge and Kutta's fourth order. */
class Lorenz96 {
  readonly states: number = SIZE;
  readonly outputs: number = SIZE;
  readonly observationNoise: Matrix = Matrix.identity(SIZE);
  readonly #none = new Matrix(SIZE, SIZE);
  readonly #slope = new Float64Array(SIZE);
  readonly #point = new Float64Array(SIZE);
  readonly #ring = new Float64Array(SIZE + 3);

  advance(state: Float64Array, from: number, to: number, out: Float64Array): void {
    const step = to - from;
    const weights = [step / 6, step / 3, step / 3, step / 6];
    const ahead = [step / 2, step / 2, step];
    out.set(state);
    this.#point.set(state);
    for (let stage = 0; stage < 4; stage++) {
      this.#derive();
      const weight = weights[stage] as number;
      const next = ahead[stage] ?? 0;
      for (let index = 0; index < SIZE; index++) {
        const slope = this.#slope[index] as number;
        out[index] = (out[index] as number) + weight * slope;
        this.#point[index] = (state[index] as number) + next * slope;
      }
    }
  }

  observe(state: Float64Array, _at: number, out: Float64Array): void {
    out.set(state);
  }

  processNoise(): Matrix {
    return this.#none;
  }

  #derive(): void {
    const ring = this.#ring;
    ring.set(this.#point, 2);
    ring[0] = this.#point[SIZE - 2] as number;
    ring[1] = this.#point[SIZE - 1] as number;
    ring[SIZE + 2] = this.#point[0] as number;
    for (let index = 0; index < SIZE; index++)
      this.#slope[index] =
        ((ring[index + 3] as number) - (ring[index] as number)) * (ring[index + 1] as number) -
        (ring[index + 2] as number) +
        8;
  }
}

const lorenz = new Lorenz96();

/** Truth and readings of every state at each step, R = I. */
function history(cycles: number): { truth: number[][]; readings: number[][] } {
  const { normal } = seeded(24);
  const truth: number[][] = [];
  let state = Float64Array.from({ length: SIZE }, (_, index) => 8 + Math.sin(index));
  for (let cycle = -200; cycle < cycles; cycle++) {
    const next = new Float64Array(SIZE);
    lorenz.advance(state, 0, STEP, next);
    state = next;
    if (cycle >= 0) truth.push([...state]);
  }
  return { truth, readings: truth.map((row) => row.map((value) => value + normal())) };
}

type Input = ReturnType<typeof history> & { inflation: number; start: number[]; members?: number[][] };

function beginning(input: Input, analysis = squareRootTransform()): EnsembleFilter {
  const start = { at: 0, mean: Float64Array.from(input.start), covariance: Matrix.identity(SIZE) };
  const options = { members: MEMBERS, dice: dice("bench ensemble"), inflation: input.inflation, analysis };
  return new EnsembleFilter(lorenz, start, options);
}

function inputFor(cycles: number, inflation: number): Input {
  const { truth, readings } = history(cycles);
  const input = { truth, readings, inflation, start: truth[0] as number[] };
  const members = beginning(input).members();
  const rows = Array.from({ length: MEMBERS }, (_, row) =>
    Array.from({ length: SIZE }, (_unused, column) => members.get(row, column)),
  );
  return { ...input, members: rows };
}

function means(filter: EnsembleFilter, { readings }: Input): Float64Array[] {
  return readings.map((reading, cycle) => {
    filter.predict((cycle + 1) * STEP);
    filter.update(reading);
    return filter.mean();
  });
}

/** Mean over the later cycles of the root mean square error of the ensemble's mean. */
function error(found: readonly Float64Array[], { truth }: Input): number {
  const later = Math.floor(found.length / 4);
  const errors = found.slice(later).map((mean, cycle) => {
    const squares = mean.reduce(
      (sum, value, index) => sum + (value - (truth[cycle + later]?.[index] ?? 0)) ** 2,
      0,
    );
    return Math.sqrt(squares / SIZE);
  });
  return errors.reduce((sum, value) => sum + value, 0) / errors.length;
}

const prepared = (input: Input, run: (input: Input) => ArrayLike<number>): PreparedTask => ({
  input: { ...input, step: STEP },
  run: () => run(input),
  scale: 1_000 / input.readings.length,
});

const shared = { modules: ["numpy"], script: "ensemble.py", unit: "µs/cycle", target: 5 };

const drifting = {
  members: 100,
  step: 1,
  mean: [0, 1],
  covariance: [
    [1, 0],
    [0, 0.1],
  ],
  processNoise: [
    [0.02, 0.01],
    [0.01, 0.02],
  ],
  noise: 1,
};

/** A place and a speed, the place read at 1, 2, 3, …; the answer is the mean of all filtered means. */
function driftingTask(): PreparedTask {
  const { normal } = seeded(27);
  const readings = Array.from({ length: 20 }, (_, index) => 1 + index + normal());
  const processNoise = Matrix.from(drifting.processNoise);
  const system = {
    states: 2,
    outputs: 1,
    advance(state: Float64Array, from: number, to: number, out: Float64Array) {
      out[0] = (state[0] as number) + (to - from) * (state[1] as number);
      out[1] = state[1] as number;
    },
    observe(state: Float64Array, _at: number, out: Float64Array) {
      out[0] = state[0] as number;
    },
    processNoise: () => processNoise,
    observationNoise: Matrix.from([[drifting.noise]]),
  };
  const start = {
    at: 0,
    mean: Float64Array.from(drifting.mean),
    covariance: Matrix.from(drifting.covariance),
  };
  const run = (): number[] => {
    const options = {
      members: drifting.members,
      dice: dice("bench drift"),
      analysis: perturbedObservations(),
    };
    const filter = new EnsembleFilter(system, start, options);
    let sum = 0;
    for (const [index, reading] of readings.entries()) {
      filter.predict(index + 1);
      filter.update([reading]);
      const [place, speed] = filter.mean() as unknown as [number, number];
      sum += place + speed;
    }
    return [sum / (2 * readings.length)];
  };
  return { input: { ...drifting, readings }, run, scale: 1_000 / readings.length };
}

/**
 * Cycles of forecast and analysis: two states and 100 members in the manner of filterpy; Lorenz's 1996 model, 40 states and as
 * many members, against all members at once in numpy. The product is behind there: products of
 * 40 × 40 run on vector instructions in LAPACK, which JavaScript does not have. Promised is to stay within five times that.
 */
export const ensemblePeers: readonly Bench[] = [
  againstPeer({
    ...shared,
    name: "numpy-ensemble-one-by-one",
    task: "one by one",
    prepare: driftingTask,
    target: 0.1,
    // Different dice: means near 6 that wander by about 0.05 for 100 members.
    tolerance: 0.05,
  }),
  againstPeer({
    ...shared,
    name: "numpy-ensemble-transform",
    task: "transform",
    prepare: () => prepared(inputFor(10, 1.02), (input) => means(beginning(input), input).at(-1) ?? []),
    // The same members, no dice: what differs is rounding, blown up by the model's chaos over half a unit of time.
    tolerance: 1e-9,
  }),
  againstPeer({
    ...shared,
    name: "numpy-ensemble-perturbed",
    task: "perturbed",
    prepare: () =>
      prepared(inputFor(60, 1.06), (input) => [
        error(means(beginning(input, perturbedObservations()), input), input),
      ]),
    // Different dice: an rmse near 0.25 over 45 cycles of correlated errors, with an sd of about 0.03.
    tolerance: 0.15,
  }),
];

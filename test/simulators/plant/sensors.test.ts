import { expect, test } from "vitest";
import { randomStream } from "../../../simulators/src/plant/pure-random.ts";
import { plantRows } from "../../../simulators/src/plant/rows.ts";
import { Sensor } from "../../../simulators/src/plant/sensors.ts";
import { readScenario, type Scenario, type SensorFault } from "../../../simulators/src/scenario/scenario.ts";

const QUALITY = { noise: 0.01, bias: 0.0005, quantisation: 0 };
const COUNT = 40_000;
/** Five standard errors: a right generator fails once in 1.7 million tries, and the seeds are fixed. */
const SIGMAS = 5;

const draws = (sensor: Sensor, truth = 20, count = COUNT): number[] =>
  Array.from({ length: count }, () => sensor.read(truth, 0) ?? Number.NaN);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: readonly number[]): number => {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
};

const scenario = (changes: Record<string, unknown> = {}): Scenario =>
  readScenario({
    seed: 7,
    origin: 1_700_000_000_000,
    days: 1,
    samplingSeconds: 1_296,
    rate: 21_600,
    sensors: {
      speed: { noise: 0.01, bias: 0.0005, quantisation: 0.001 },
      tension: { noise: 1, bias: 0.1, quantisation: 0.1 },
    },
    ...changes,
  });
const all = (of: Scenario): Map<string, number> =>
  new Map(
    [...plantRows(of)].flatMap(({ index, readings }) =>
      readings.map(({ signal, value }) => [`${index}/${signal}`, value] as const),
    ),
  );

test("a sensor's noise has the mean and the variance it declares", () => {
  const sensor = new Sensor({ signal: "w3", seed: 1, quality: QUALITY });
  const values = draws(sensor);
  const { noise } = QUALITY;
  expect(Math.abs(mean(values) - 20 - sensor.bias)).toBeLessThan((SIGMAS * noise) / Math.sqrt(COUNT));
  // The sample variance of n normal draws has standard deviation σ²√(2/n).
  expect(Math.abs(variance(values) - noise ** 2)).toBeLessThan(SIGMAS * noise ** 2 * Math.sqrt(2 / COUNT));
});

test("noise is normal: as many readings within one and two sigma as there should be", () => {
  const { normal } = randomStream(3, "x");
  const values = Array.from({ length: COUNT }, normal);
  for (const [limit, share] of [
    [1, 0.682689],
    [2, 0.9545],
  ] as const) {
    const found = values.filter((value) => Math.abs(value) < limit).length / COUNT;
    expect(Math.abs(found - share)).toBeLessThan(SIGMAS * Math.sqrt((share * (1 - share)) / COUNT));
  }
});

test("readings are independent over time and between sensors", () => {
  const [one, other] = ["w3", "w4"].map((signal) =>
    draws(new Sensor({ signal, seed: 1, quality: { ...QUALITY, bias: 0, noise: 1 } }), 0),
  ) as [number[], number[]];
  const bound = SIGMAS / Math.sqrt(COUNT);
  expect(Math.abs(mean(one.map((value, at) => value * other[at]!)))).toBeLessThan(bound);
  expect(Math.abs(mean(one.slice(1).map((value, at) => value * one[at]!)))).toBeLessThan(bound);
});

test("constant errors of many sensors spread as the scenario says", () => {
  const count = 2_000;
  const biases = Array.from(
    { length: count },
    (_, seed) => new Sensor({ signal: "s4", seed, quality: { noise: 1, bias: 0.1, quantisation: 0 } }).bias,
  );
  expect(Math.abs(mean(biases))).toBeLessThan((SIGMAS * 0.1) / Math.sqrt(count));
  expect(Math.abs(variance(biases) - 0.01)).toBeLessThan(SIGMAS * 0.01 * Math.sqrt(2 / count));
});

test("a quantised reading is the double nearest to its decimal", () => {
  const sensor = new Sensor({
    signal: "w1",
    seed: 1,
    quality: { noise: 0.01, bias: 0, quantisation: 0.001 },
  });
  for (const value of draws(sensor, 20, 1_000)) expect(value).toBe(Number(value.toFixed(3)));
});

test("a scenario gives the same readings to the last bit, and another seed gives others", () => {
  const first = all(scenario());
  expect(first.size).toBe(67 * 21);
  expect(all(scenario())).toEqual(first);
  const other = all(scenario({ seed: 8 }));
  expect([...first].filter(([key, value]) => other.get(key) === value).length).toBeLessThan(first.size / 5);
});

test("leaving sensors out changes nothing for those that stay", () => {
  const whole = all(scenario());
  for (const [key, value] of all(scenario({ signals: ["w3", "s4"] }))) expect(value).toBe(whole.get(key));
});

test("every reading has a count of its own, the same in every run", () => {
  const counts = [...plantRows(scenario())].flatMap(({ readings }) => readings.map(({ count }) => count));
  expect(counts).toEqual(Array.from({ length: 67 * 21 }, (_, index) => index + 1));
});

function faulty(
  fault: SensorFault,
  days: readonly number[],
): { sound: number[]; found: (number | undefined)[] } {
  const sensor = { signal: "w3", seed: 5, quality: QUALITY };
  const sound = new Sensor(sensor);
  const found = new Sensor({ ...sensor, faults: [fault] });
  return { sound: days.map((day) => sound.read(20, day)!), found: days.map((day) => found.read(20, day)) };
}
const DAYS = [0, 1, 2, 3, 4, 5];

test("a stuck sensor repeats the last value before the fault, then goes on where it would be", () => {
  const { sound, found } = faulty({ signal: "w3", kind: "stuck", fromDay: 2, toDay: 4 }, DAYS);
  expect(found).toEqual([sound[0], sound[1], sound[1], sound[1], sound[4], sound[5]]);
});

test("a sensor that drops out says nothing during the fault and the same as ever after it", () => {
  const { sound, found } = faulty({ signal: "w3", kind: "drop", fromDay: 1, toDay: 3 }, DAYS);
  expect(found).toEqual([sound[0], undefined, undefined, sound[3], sound[4], sound[5]]);
});

test("a spike adds its size to every n-th reading of the interval", () => {
  const { sound, found } = faulty(
    { signal: "w3", kind: "spike", fromDay: 1, toDay: 5, size: 5, every: 3 },
    DAYS,
  );
  expect(found).toEqual([sound[0], sound[1]! + 5, sound[2], sound[3], sound[4]! + 5, sound[5]]);
});

test("a wrong unit scale reads a thousand times too much", () => {
  const { sound, found } = faulty({ signal: "w3", kind: "unit-scale", fromDay: 5, toDay: 6 }, DAYS);
  expect(found.at(-1)).toBe(sound.at(-1)! * 1_000);
});

test("a fault of one sensor leaves the others alone", () => {
  const fault = { signal: "w3", kind: "unit-scale", fromDay: 0, toDay: 1 };
  const whole = all(scenario());
  for (const [key, value] of all(scenario({ faults: [fault] }))) {
    if (!key.endsWith("/w3")) expect(value).toBe(whole.get(key));
  }
});

import { cholesky, solveCholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { firstPassage } from "@plumbline/twin/prognosis/first-passage";
import { impliedReadings } from "@plumbline/twin/prognosis/implied-readings";
import { remainingLife } from "@plumbline/twin/prognosis/remaining-life";
import { fitTrend, type TrendBelief } from "@plumbline/twin/prognosis/trend";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { binomialQuantile } from "../../support/statistics.ts";
import { refusal } from "../support/refusals.ts";

/** A random walk of the given rate, read with noise and filtered; times irregular. */
function filteredWalk(seed: string, rate: number, count: number) {
  const source = dice(seed);
  const readings = [];
  const history = [];
  let [truth, at, mean, variance] = [5, 0, 5, 4];
  for (let index = 0; index < count; index++) {
    const elapsed = 0.2 + source.uniform();
    at += elapsed;
    truth += rate * Math.sqrt(elapsed) * source.normal();
    const noise = 0.3 + source.uniform();
    const value = truth + noise * source.normal();
    const prior = variance + rate * rate * elapsed;
    const gain = prior / (prior + noise * noise);
    mean += gain * (value - mean);
    variance = (1 - gain) * prior;
    readings.push({ at, value, variance: noise * noise });
    history.push({ at, mean, sd: Math.sqrt(variance) });
  }
  return { readings, history };
}

describe("the readings that a random-walk filter must have had", () => {
  const { readings, history } = filteredWalk("implied", 0.4, 200);

  test("are those it had", () => {
    const implied = impliedReadings(history, 0.4);
    expect(implied).toHaveLength(199);
    for (const [index, reading] of implied.entries()) {
      expect(Math.abs(reading.value - readings[index + 1]!.value)).toBeLessThan(1e-9);
      expect(Math.abs(reading.variance / readings[index + 1]!.variance - 1)).toBeLessThan(1e-9);
    }
  });

  test("are none where time alone made the belief wider", () => {
    const waited = [
      { at: 0, mean: 1, sd: 0.1 },
      { at: 4, mean: 1, sd: Math.sqrt(0.01 + 0.16 * 4) },
    ];
    expect(impliedReadings(waited, 0.4)).toEqual([]);
  });

  test.each([
    [[{ at: 0, mean: Number.NaN, sd: 1 }], 1],
    [[{ at: 0, mean: 1, sd: 0 }], 1],
    [
      [
        { at: 1, mean: 1, sd: 1 },
        { at: 1, mean: 1, sd: 1 },
      ],
      1,
    ],
    [[{ at: 0, mean: 1, sd: 1 }], -1],
  ])("a bad history %j or rate %d is refused", (bad, rate) =>
    expect(refusal(() => impliedReadings(bad, rate)).code).toBe("BAD_HISTORY"),
  );
});

describe("the trend", () => {
  const { readings } = filteredWalk("trend", 0.4, 40);
  const q = 0.03;
  const prior = { slope: 0.7, roughness: [q, q] as const };

  test("for one roughness is the conditional mean and variance of dense Gaussian algebra", () => {
    const [first, ...rest] = readings;
    const spans = rest.map(({ at }) => at - first!.at);
    const walk = (s: number, t: number): number =>
      (q * Math.min(s, t) ** 2 * (3 * Math.max(s, t) - Math.min(s, t))) / 6;
    const level = (s: number, t: number): number => first!.variance + 0.49 * s * t + walk(s, t);
    const joint = Matrix.from(
      spans.map((s, row) =>
        spans.map((t, column) => level(s, t) + (row === column ? rest[row]!.variance : 0)),
      ),
    );
    const last = spans.at(-1)!;
    // Cov[level(s), slope(T)] and Cov[level(s), level(T)] for the last time T.
    const cross = Matrix.from(spans.map((s) => [level(s, last), 0.49 * s + (q * s * s) / 2]));
    const weights = solveCholesky(cholesky(joint), cross);
    const errors = rest.map(({ value }) => value - first!.value);
    const mean = [0, 1].map((column) =>
      errors.reduce((sum, error, row) => sum + error * weights.get(row, column), 0),
    );
    const explained = (a: number, b: number): number =>
      spans.reduce((sum, _, row) => sum + cross.get(row, a) * weights.get(row, b), 0);
    const [belief] = fitTrend(readings, prior);
    expect(belief!.level - first!.value).toBeCloseTo(mean[0]!, 9);
    expect(belief!.slope).toBeCloseTo(mean[1]!, 9);
    expect(belief!.covariance[0]).toBeCloseTo(level(last, last) - explained(0, 0), 9);
    expect(belief!.covariance[1]).toBeCloseTo(0.49 * last + (q * last * last) / 2 - explained(0, 1), 9);
    expect(belief!.covariance[2]).toBeCloseTo(0.49 + q * last - explained(1, 1), 9);
  });

  test("gives roughnesses weights that add up to one", () =>
    expect(
      fitTrend(readings, { slope: 1, roughness: [1e-6, 1] }).reduce((sum, { weight }) => sum + weight, 0),
    ).toBeCloseTo(1, 12));

  test("refuses too little, and a prior that is none", () => {
    expect(refusal(() => fitTrend(readings.slice(0, 2), prior)).code).toBe("TOO_FEW_READINGS");
    expect(refusal(() => fitTrend(readings, { slope: 1, roughness: [0, 1] })).code).toBe("BAD_PRIOR");
  });
});

describe("the first passage", () => {
  const certain = (level: number, slope: number): TrendBelief[] => [
    { at: 10, level, slope, covariance: [0, 0, 0], roughness: 0, weight: 1 },
  ];
  const request = { horizon: 20, dice: dice("passage"), paths: 5 };

  test("of a straight line is where it crosses, from either side", () => {
    for (const [level, slope] of [
      [1, 0.5],
      [5, -0.5],
    ] as const)
      expect([...firstPassage(certain(level, slope), { ...request, limit: 3 }).times]).toEqual(
        expect.arrayContaining([expect.closeTo(14, 9)]),
      );
  });

  test("of a line that leads away, or gets there after the horizon, is never", () => {
    for (const slope of [-0.5, 0.09]) {
      const { times, probability } = firstPassage(certain(1, slope), { ...request, limit: 3 });
      expect(times.every((time) => time === Number.POSITIVE_INFINITY)).toBe(true);
      expect(probability).toBe(0);
    }
  });

  test("at the limit is now", () =>
    expect(firstPassage(certain(3, 0), { ...request, limit: 3 }).times[0]).toBe(10));

  test("does not depend on the steps, within what the draws allow", () => {
    const trend = [{ ...certain(0, 0.2)[0]!, covariance: [0.01, 0, 0.01] as const, roughness: 0.01 }];
    const paths = 4_000;
    const [coarse, fine] = [200, 1_600].map((steps) =>
      firstPassage(trend, { limit: 1, horizon: 10, steps, paths, dice: dice(`steps ${steps}`) }),
    );
    // Two shares of 4000 draws each differ by less than 4.5 √(2 · ¼ / 4000).
    const bound = 4.5 * Math.sqrt(0.5 / paths);
    expect(Math.abs(coarse!.probability - fine!.probability)).toBeLessThan(bound);
    const early = (times: Float64Array): number => times.filter((time) => time < 14).length / paths;
    expect(Math.abs(early(coarse!.times) - early(fine!.times))).toBeLessThan(bound);
  });

  test("with a direction is now for a line that is already past", () => {
    const past = { ...request, limit: 3 };
    expect(firstPassage(certain(4, 0.5), { ...past, direction: "rising" }).times[0]).toBe(10);
    expect(firstPassage(certain(2, 0.5), { ...past, direction: "falling" }).times[0]).toBe(10);
    expect(firstPassage(certain(2, 0.5), { ...past, direction: "rising" }).times[0]).toBeCloseTo(12, 9);
    expect(firstPassage(certain(2, -0.5), { ...past, direction: "rising" }).probability).toBe(0);
  });

  test("refuses a limit or a horizon that is none", () => {
    for (const bad of [{ limit: Number.NaN }, { limit: 1, horizon: 0 }, { limit: 1, paths: 0 }])
      expect(refusal(() => firstPassage(certain(0, 1), { ...request, ...bad } as never)).code).toBe(
        "BAD_REQUEST",
      );
  });
});

describe("over machines whose slopes walk with a roughness drawn from the prior", () => {
  const MACHINES = 120;
  const rate = 0.1;

  /** Whether the band held the event, or its absence; undefined when the limit had been reached before the forecast. */
  function held(machine: number): boolean | undefined {
    const source = dice("machines").split(machine);
    const roughness = rate * rate * 10 ** (-6 + 6 * source.uniform());
    const h = 0.02;
    const [memory, horizon, limit] = [6, 8, 2];
    let [level, slope] = [0, 3 * rate * source.normal()];
    const history = [];
    let [mean, variance] = [0, 0.0025];
    let event = Number.POSITIVE_INFINITY;
    for (let step = 1; step * h <= memory + horizon; step++) {
      const [common, own] = [source.normal(), source.normal()];
      const rough = Math.sqrt(roughness * h);
      level += h * (slope + rough * (common / 2 + own / Math.sqrt(12)));
      slope += rough * common;
      if (event === Number.POSITIVE_INFINITY && level >= limit) event = step * h;
      if (step % 5 !== 0 || step * h > memory) continue;
      const prior = variance + rate * rate * 5 * h;
      const gain = prior / (prior + 0.0025);
      mean += gain * (level + 0.05 * source.normal() - mean);
      variance = (1 - gain) * prior;
      history.push({ at: step * h, mean, sd: Math.sqrt(variance) });
    }
    if (event <= memory) return undefined;
    const result = remainingLife(history, { rate, limit, memory, horizon, dice: source.split("futures") });
    if (result.kind !== "forecast") throw new Error(result.kind);
    const [early, late] = result.forecast.interval90;
    const seen = Math.min(event, memory + horizon);
    return (early ?? memory + horizon) <= seen && seen <= (late ?? Number.POSITIVE_INFINITY);
  }

  test("the 90 % bands hold the event as often as they say", () => {
    const results = Array.from({ length: MACHINES }, (_, machine) => held(machine)).filter(
      (one) => one !== undefined,
    );
    const inside = results.filter(Boolean).length;
    // A band with an open end holds more than 90 %: below, the binomial bound; above, none.
    expect(results.length).toBeGreaterThan(0.8 * MACHINES);
    expect(inside).toBeGreaterThanOrEqual(binomialQuantile(0.001, results.length, 0.9));
  });
});

test("a history too short to foretell from says so, with the count", () => {
  const { history } = filteredWalk("short", 0.4, 5);
  const result = remainingLife(history, { rate: 0.4, limit: 9, memory: 100, horizon: 10, dice: dice(1) });
  expect(result).toEqual({ kind: "none", reason: "4 readings in the last 100; at least 8 are needed" });
});

describe("a limit that the level has passed", () => {
  /** Filtered readings, sd 0.01, of a level that is a function of the day. */
  function historyOf(level: (day: number) => number) {
    const source = dice("past");
    let [mean, variance] = [level(0), 1e-4];
    return Array.from({ length: 20 }, (_, index) => {
      const prior = variance + 0.03 ** 2;
      const gain = prior / (prior + 1e-4);
      mean += gain * (level(index + 1) + 0.01 * source.normal() - mean);
      variance = (1 - gain) * prior;
      return { at: index + 1, mean, sd: Math.sqrt(variance) };
    });
  }
  const request = { rate: 0.03, limit: 0.7, memory: 20, horizon: 60, dice: dice("futures") };
  const rising = historyOf((day) => 0.1 + 0.05 * day);
  const falling = historyOf((day) => 1 - 0.02 * day);

  test("is told as reached, since when, from either side", () => {
    // 0.1 + 0.05 · 12 = 0.7 and 1 − 0.02 · 15 = 0.7; the estimates' noise may move that by one day.
    for (const [history, day] of [
      [rising, 12],
      [falling, 15],
    ] as const) {
      const result = remainingLife(history, request);
      expect(result.kind).toBe("reached");
      expect(Math.abs((result as { since: number }).since - day)).toBeLessThanOrEqual(1);
    }
  });

  test("is told by the direction that was asked, whatever the side it began on", () => {
    expect(remainingLife(rising, { ...request, limit: 0.05, direction: "rising" })).toMatchObject({
      kind: "reached",
      since: 1,
    });
    expect(remainingLife(rising, { ...request, limit: 0.05 }).kind).toBe("forecast");
    expect(remainingLife(falling, { ...request, limit: 0.3 }).kind).toBe("forecast");
  });

  test("is none in a request that is none", () => {
    for (const bad of [
      { limit: Number.NaN },
      { memory: Number.NaN },
      { memory: -1 },
      { horizon: Number.POSITIVE_INFINITY },
      { direction: "up" as "rising" },
    ])
      expect(refusal(() => remainingLife(rising, { ...request, ...bad })).code).toBe("BAD_REQUEST");
  });
});

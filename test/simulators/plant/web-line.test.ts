import { existsSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { bearingDrag } from "../../../simulators/src/plant/wear.ts";
import { type LineSnapshot, WebLine } from "../../../simulators/src/plant/web-line.ts";
import { readPublishedFile } from "../../../simulators/src/scenario/published-file.ts";
import { DEFAULT_WEAR, type WearRamp } from "../../../simulators/src/scenario/scenario.ts";

const PERIOD = 1_296.648324;
/** Published rows: S1, S4, S8, ω1, ω3, ω7, ω9, ω10, slip of R3 and of R9, dancer angle. */
const GOLDEN: readonly (readonly number[])[] = [
  [1, 100, 100, 150, 20, 20, 20.00249938, 20.00249938, 20.00249938, 0, 0, 0],
  [
    1000, 99.99978158, 100.6992645, 149.3004307, 19.99996504, 19.99994777, 20.00242945, 20.00241845,
    20.00246442, 8.63317e-7, 5.49676e-7, 0.001001155,
  ],
  [
    1066, 99.99855684, 104.6197922, 145.3782314, 19.99976902, 19.99965492, 20.00203739, 20.0019628,
    20.00226841, 5.7037e-6, 3.72946e-6, 0.006614963,
  ],
  [
    1200, 99.99203113, 125.5093713, 124.4809079, 19.99872459, 19.99809459, 19.99994859, 19.9994676,
    20.00122414, 3.14965e-5, 2.40491e-5, 0.036526506,
  ],
  [
    1333, 99.98293004, 154.6456978, 95.337855, 19.99726797, 19.99591836, 19.99703575, 19.99569054, 19.9997678,
    6.74773e-5, 6.72602e-5, 0.078242434,
  ],
  [
    1400, 99.97906293, 167.0268403, 82.95588299, 19.99664905, 19.99499362, 19.9957982, 19.99390202,
    19.99914901, 8.27689e-5, 9.48092e-5, 0.09596765,
  ],
  [
    1413, 99.97844559, 169.0034117, 80.97933204, 19.99655025, 19.994846, 19.99560065, 19.99360092,
    19.99905022, 8.52102e-5, 9.99866e-5, 0.098797299,
  ],
  [
    1414, 99.97840017, 169.1488387, 80.97434282, 19.99654298, 19.99483514, 19.99559314, 19.95298779,
    19.99904296, 8.53898e-5, 0.002130268, 0.09900549,
  ],
  [
    1500, 99.97567699, 177.867712, 80.9743428, 19.99610714, 19.99418394, 19.99515748, 17.71826573,
    19.99860723, 9.61591e-5, 0.113844588, 0.111487285,
  ],
  [
    1600, 99.97502623, 179.9511397, 80.9743428, 19.99600299, 19.99402834, 19.99505339, 17.25641427,
    19.99850312, 9.87325e-5, 0.136931956, 0.114470074,
  ],
  [
    1999, 99.97502623, 179.9511397, 80.9743428, 19.99600299, 19.99402834, 19.99505339, 17.25641427,
    19.99850312, 9.87325e-5, 0.136931956, 0.114470074,
  ],
];

const speed = ({ speeds }: LineSnapshot, roller: number): number => speeds.get(roller as 1) ?? Number.NaN;
const slip = ({ slips }: LineSnapshot, roller: number): number => slips.get(roller as 1) ?? Number.NaN;
const tension = ({ tensions }: LineSnapshot, span: number): number => tensions[span - 1] ?? Number.NaN;

function runTo(
  wear: readonly WearRamp[],
  seconds: readonly number[],
  stop?: { from: number; to: number },
): LineSnapshot[] {
  const line = new WebLine({ wear, ...(stop === undefined ? {} : { stop }) });
  return seconds.map((at) => {
    line.advanceTo(at);
    return line.snapshot();
  });
}
const rows = (count: number): number[] => Array.from({ length: count }, (_, row) => row * PERIOD);
/** Wear that is complete from the first hours on. */
const worn = (roller: number, finalDrag: number): WearRamp => ({
  roller,
  fromDay: 0.01,
  toDay: 0.3,
  finalDrag,
});
const steady = (wear: readonly WearRamp[]): LineSnapshot =>
  runTo(wear, [0, 43_200, 86_400])[2] as LineSnapshot;

describe("the simulated web line", () => {
  let published: LineSnapshot[] = [];
  beforeAll(() => {
    published = runTo(DEFAULT_WEAR, rows(2_000));
  });

  test.each(GOLDEN)(
    "agrees with published row %i once it is steady",
    (row, s1, s4, s8, w1, w3, w7, w9, w10, slip3, slip9, angle) => {
      const line = published[row] as LineSnapshot;
      const slipping = row >= 1_414;
      expect(Math.abs(tension(line, 1) - s1!)).toBeLessThan(0.02);
      expect(Math.abs(tension(line, 4) - s4!)).toBeLessThan(0.02);
      expect(Math.abs(tension(line, 8) - s8!)).toBeLessThan(0.02);
      for (const [roller, expected] of [
        [1, w1],
        [3, w3],
        [7, w7],
        [10, w10],
      ]) {
        expect(Math.abs(speed(line, roller!) - expected!)).toBeLessThan(2e-4);
      }
      expect(Math.abs(speed(line, 9) - w9!)).toBeLessThan(slipping ? 1e-2 : 2e-4);
      expect(Math.abs(slip(line, 3) - slip3!)).toBeLessThan(1e-7);
      expect(Math.abs(slip(line, 9) - slip9!)).toBeLessThan(slipping ? 5e-4 : 1e-7);
      expect(Math.abs(line.dancerAngle - angle!)).toBeLessThan(1e-4);
    },
  );

  test("holds 150 N at the dancer and 100 N at the rewinder in every running row", () => {
    for (const line of published.slice(1)) {
      expect(tension(line, 11)).toBeCloseTo(150, 3);
      expect(tension(line, 12)).toBe(100);
    }
  });

  test("stands still at row 0", () => {
    expect([...published[0]!.speeds.values()]).toEqual(Array(9).fill(0));
    expect(published[0]!.nipSpeed).toBe(0);
  });

  test("lets roller 9 slip from a drag of 0.1727 on, and not at 0.1725", () => {
    expect(slip(steady([worn(9, 0.1725)]), 9)).toBeLessThan(1e-4);
    expect(slip(steady([worn(9, 0.1727)]), 9)).toBeGreaterThan(1e-4);
  });

  test("lets roller 3 hold at a drag of 0.2 and slip at 0.204", () => {
    expect(slip(steady([worn(3, 0.2)]), 3)).toBeLessThan(1e-4);
    expect(slip(steady([worn(3, 0.204)]), 3)).toBeGreaterThan(1e-3);
  });

  test("comes to the same steady line whatever the steps it is asked for", () => {
    const coarse = runTo(DEFAULT_WEAR, [20 * 86_400])[0] as LineSnapshot;
    const fine = runTo(
      DEFAULT_WEAR,
      Array.from({ length: 2_001 }, (_, step) => 19 * 86_400 + step * 43.2),
    ).at(-1) as LineSnapshot;
    for (let span = 1; span <= 12; span += 1)
      expect(Math.abs(tension(coarse, span) - tension(fine, span))).toBeLessThan(2e-3);
    for (const roller of [1, 2, 3, 4, 5, 7, 8, 9, 10])
      expect(Math.abs(speed(coarse, roller) - speed(fine, roller))).toBeLessThan(1e-5);
  });

  test("pays for each roller's inertia while it starts up", () => {
    const [, halfway, running] = runTo([], [0, 30, 600]) as [LineSnapshot, LineSnapshot, LineSnapshot];
    // At half speed the ramp is steepest: 1.5 · 20 rad/s in 60 s. Each idler takes J·α/R of the web's tension.
    const perIdler = (0.004 * 1.5 * 20) / 60 / 0.05;
    for (const span of [1, 2, 3, 4, 5, 7, 8, 9, 10]) {
      expect(tension(halfway, span + 1) - tension(halfway, span)).toBeCloseTo(perIdler, 3);
      expect(tension(running, span + 1) - tension(running, span)).toBeCloseTo(0, 6);
    }
    expect(speed(halfway, 1)).toBeCloseTo(10, 2);
  });

  test("comes to rest in a planned stop, holds its web, and returns to the state it had", () => {
    const stop = { from: 50_000, to: 50_900 };
    const [before, standing, after] = runTo([worn(3, 0.1)], [49_999, 50_500, 60_000], stop) as [
      LineSnapshot,
      LineSnapshot,
      LineSnapshot,
    ];
    for (const value of standing.speeds.values()) expect(Math.abs(value)).toBeLessThan(1e-6);
    for (const value of standing.tensions) expect(value).toBeGreaterThan(5);
    for (let span = 1; span <= 12; span += 1)
      expect(tension(after, span)).toBeCloseTo(tension(before, span), 3);
    for (const [roller, value] of after.speeds) expect(value).toBeCloseTo(speed(before, roller), 5);
  });

  test("is the same to the last bit when run again", () => {
    const again = runTo(DEFAULT_WEAR, rows(1_500));
    expect(again.map(({ tensions }) => tensions)).toEqual(
      published.slice(0, 1_500).map(({ tensions }) => tensions),
    );
  });
});

const FILE = path.join(
  process.env["PLUMBLINE_TEST_DATA"] ?? path.resolve(import.meta.dirname, "../../../../shared/data"),
  "web-line/Case_1_Data_2023_06_22.csv",
);

describe.skipIf(!existsSync(FILE))("against the whole published file (skipped without it)", () => {
  test("every tension is within 0.02 N and every speed within 2e-4 rad/s, ω9 within 1e-2 while it slips", () => {
    const file = readPublishedFile(FILE);
    const line = new WebLine({ wear: DEFAULT_WEAR });
    line.advanceTo(0);
    const worst = { tension: 0, speed: 0, slipping: 0 };
    for (const { seconds, index, values } of file.slice(1)) {
      line.advanceTo(seconds);
      const now = line.snapshot();
      for (let span = 1; span <= 12; span += 1)
        worst.tension = Math.max(worst.tension, Math.abs(tension(now, span) - values.get(`s${span}`)!));
      for (const [roller, value] of now.speeds) {
        const kind = roller === 9 && index >= 1_414 ? "slipping" : "speed";
        worst[kind] = Math.max(worst[kind], Math.abs(value - values.get(`w${roller}`)!));
      }
    }
    expect(worst.tension).toBeLessThan(0.02);
    expect(worst.speed).toBeLessThan(2e-4);
    expect(worst.slipping).toBeLessThan(1e-2);
  });
});

describe("wear", () => {
  test.each([
    [14, 0],
    [14.5, 0.000231625],
    [15, 0.001712],
    [19, 0.1],
    [20.005, 0.136685],
    [21.2056, 0.172607],
    [24, 0.2],
    [30, 0.2],
  ])("is on the published ramp at day %d", (day, drag) => {
    expect(bearingDrag(DEFAULT_WEAR, 3, day * 86_400)).toBeCloseTo(drag, 5);
    expect(bearingDrag(DEFAULT_WEAR, 9, day * 86_400)).toBeCloseTo(drag, 5);
    expect(bearingDrag(DEFAULT_WEAR, 1, day * 86_400)).toBe(0);
  });
});

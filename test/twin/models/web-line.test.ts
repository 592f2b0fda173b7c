import { ABOVE, AUTO, BELOW } from "@plumbline/twin/models/process-model";
import { webLineModel } from "@plumbline/twin/models/web-line";
import { describe, expect, test } from "vitest";
import { drags, outputIndex, outputsOf, parameterIndex, wearAt } from "../support/web-line-truth.ts";

const TENSION = 1e-6;
const SPEED = 1e-5;
/** Rows of the published file as the fact sheet gives them: day; S1, S4, S7–S9; ω1, ω3, ω7, ω9, ω10; slip of R3, of R9; angle in degrees. */
const GOLDEN: readonly (readonly number[])[] = [
  [0, 100, 100, 150, 20, 20, 20.00249938, 20.00249938, 20.00249938, 0, 0, 0],
  [
    0.001748712, 99.99978158, 100.6992645, 149.3004307, 19.99996504, 19.99994777, 20.00242945, 20.00241845,
    20.00246442, 8.63317e-7, 5.49676e-7, 0.001001155,
  ],
  [
    0.011553288, 99.99855684, 104.6197922, 145.3782314, 19.99976902, 19.99965492, 20.00203739, 20.0019628,
    20.00226841, 5.7037e-6, 3.72946e-6, 0.006614963,
  ],
  [
    0.063799428, 99.99203113, 125.5093713, 124.4809079, 19.99872459, 19.99809459, 19.99994859, 19.9994676,
    20.00122414, 3.14965e-5, 2.40491e-5, 0.036526506,
  ],
  [
    0.136684814, 99.98293004, 154.6456978, 95.337855, 19.99726797, 19.99591836, 19.99703575, 19.99569054,
    19.9997678, 6.74773e-5, 6.72602e-5, 0.078242434,
  ],
  [
    0.167661412, 99.97906293, 167.0268403, 82.95588299, 19.99664905, 19.99499362, 19.9957982, 19.99390202,
    19.99914901, 8.27689e-5, 9.48092e-5, 0.09596765,
  ],
  [
    0.172606896, 99.97844559, 169.0034117, 80.97933204, 19.99655025, 19.994846, 19.99560065, 19.99360092,
    19.99905022, 8.52102e-5, 9.99866e-5, 0.098797299,
  ],
  [
    0.172970765, 99.97840017, 169.1488387, 80.97434282, 19.99654298, 19.99483514, 19.99559314, 19.95298779,
    19.99904296, 8.53898e-5, 0.002130268, 0.09900549,
  ],
  [
    0.194786732, 99.97567699, 177.867712, 80.9743428, 19.99610714, 19.99418394, 19.99515748, 17.71826573,
    19.99860723, 9.61591e-5, 0.113844588, 0.111487285,
  ],
  [
    0.2, 99.97502623, 179.9511397, 80.9743428, 19.99600299, 19.99402834, 19.99505339, 17.25641427,
    19.99850312, 9.87325e-5, 0.136931956, 0.114470074,
  ],
];
const at = (outputs: Float64Array, id: string): number => outputs[outputIndex(id)]!;
const both = (b: number): Float64Array => outputsOf(drags({ b3: b, b9: b }));
const near = (actual: number, expected: number, tolerance: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThan(tolerance);

describe("the web line's model", () => {
  test.each(GOLDEN)(
    "agrees with the published row of drag %d",
    (b, s1, s4, s8, w1, w3, w7, w9, w10, slip3, slip9, angle) => {
      const y = both(b!);
      near(at(y, "s1"), s1!, TENSION);
      for (const span of ["s4", "s5", "s6"]) near(at(y, span), s4!, TENSION);
      for (const span of ["s7", "s8", "s9"]) near(at(y, span), s8!, TENSION);
      for (const [id, expected] of [
        ["w1", w1],
        ["w3", w3],
        ["w7", w7],
        ["w9", w9],
        ["w10", w10],
      ] as const)
        near(at(y, id), expected!, SPEED);
      near(at(y, "slip3"), slip3!, 1e-9);
      near(at(y, "slip9"), slip9!, 1e-6);
      near(at(y, "dancer"), angle!, 1e-5);
      expect([at(y, "s10"), at(y, "s11"), at(y, "s12")]).toEqual([150, 150, 100]);
    },
  );

  test("wears in these tests as in the published file", () => {
    near(wearAt(15.0075), 0.001748712, 1e-7);
    near(wearAt(20.005), 0.136684814, 1e-5);
    expect([wearAt(14), wearAt(19), wearAt(24), wearAt(40)]).toEqual([0, 0.1, 0.2, 0.2]);
  });

  const ZONE = ["b1", "b2", "b3", "b4", "b5"];
  const slope = (parameter: string, output: string, base = 0): number => {
    const step = 1e-5;
    const moved = outputsOf(drags({ b3: base, b9: base, [parameter]: base + step }));
    return (at(moved, output) - at(both(base), output)) / step;
  };

  test.each([
    ["b3", "s4", 399.9, 0.1],
    ["b3", "s5", 399.9, 0.1],
    ["b3", "s6", 399.9, 0.1],
    ["b9", "s6", 0, 1e-9],
    ["b9", "s7", -400.05, 0.05],
    ["b9", "s8", -400.05, 0.05],
    ["b9", "s9", -400.05, 0.05],
    ["b3", "s8", 0, 1e-3],
    ["b3", "s1", -0.12, 0.006],
    ["b3", "s3", -0.12, 0.006],
    ["b3", "s10", 0, 1e-9],
    ["b9", "s12", 0, 1e-9],
    ["b3", "w1", -0.02, 2e-5],
    ["b3", "w2", -0.02, 2e-5],
    ["b3", "w3", -0.0299, 1e-4],
    ["b3", "w4", 0, 2e-5],
    ["b3", "w7", -0.02, 2e-5],
    ["b9", "w7", -0.02, 2e-5],
    ["b9", "w9", -0.0263, 1e-4],
    ["b3", "w9", -0.02, 2e-5],
    ["b3", "w10", -0.02, 2e-5],
    ["b9", "w10", 0, 1e-9],
    ["b3", "nip1", -0.02, 2e-5],
    ["b3", "dancer", 0.573, 1e-3],
  ] as const)(
    "moves, per unit of %s, %s by %d where nothing is worn",
    (parameter, output, expected, tolerance) => {
      near(slope(parameter, output), expected, tolerance);
    },
  );

  test("moves speed 9 by −0.0316 per unit of b9 at half the wear and by −95.6 once the roller slips", () => {
    near(slope("b9", "w9", 0.1), -0.0316, 2e-4);
    near(slope("b9", "w9", 0.19), (-0.05 * 150 * (1 - Math.exp(-0.61650294))) / 0.19 ** 2, 0.5);
    near(slope("b9", "w9", 0.19), -95.6, 0.5);
    near(slope("b9", "s8", 0.19), 0, 1e-9);
  });

  test("moves tensions of zone A behind a worn roller only, by 400 N per unit of any drag there", () => {
    for (const [index, parameter] of ZONE.entries()) {
      for (let span = 1; span <= 6; span++) {
        near(slope(parameter, `s${span}`), span > index + 1 ? 400 : 0, 0.3);
      }
    }
  });
});

/** The drag at which an output stops to follow one regime, by bisection. */
function onset(slips: (b: number) => boolean): number {
  let [low, high] = [0.1, 0.25];
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (slips(middle)) high = middle;
    else low = middle;
  }
  return high;
}

describe("a roller's kink", () => {
  test("is where the published line has it: roller 9 at 0.17262, roller 3 at 0.2026", () => {
    const nine = onset((b) => at(both(b), "slip9") > 1.0001e-4);
    expect(nine).toBeGreaterThan(0.17261);
    expect(nine).toBeLessThan(0.17263);
    near(
      onset((b) => at(both(b), "slip3") > 1.0001e-4),
      0.2026,
      5e-5,
    );
  });

  test.each(["b3", "b9"])("of %s is foretold by the model from a point near it", (id) => {
    const roller = parameterIndex(id);
    const slipped = (b: number): boolean =>
      at(outputsOf(drags({ [id]: b })), `slip${id.slice(1)}`) > 1.0001e-4;
    const kink = onset(slipped);
    const kinks = new Float64Array(webLineModel.parameters.length);
    for (const b of [kink - 1e-3, kink + 1e-3, kink - 0.05]) {
      webLineModel.kinks(outputsOf(drags({ [id]: b })), kinks);
      near(kinks[roller]!, kink, Math.abs(b - kink) > 0.01 ? 1e-4 : 1e-5);
    }
  });

  test.each(["b3", "b9"])(
    "of %s has two sides, each smooth beyond it and equal to the model on its own",
    (id) => {
      const roller = parameterIndex(id);
      const kink = onset((b) => at(outputsOf(drags({ [id]: b })), `slip${id.slice(1)}`) > 1.0001e-4);
      const side = (b: number, regime: number): Float64Array => {
        const regimes = new Int8Array(webLineModel.parameters.length).fill(AUTO);
        regimes[roller] = regime;
        return outputsOf(drags({ [id]: b }), regimes);
      };
      expect(side(kink - 1e-4, BELOW)).toEqual(outputsOf(drags({ [id]: kink - 1e-4 })));
      expect(side(kink + 1e-4, ABOVE)).toEqual(outputsOf(drags({ [id]: kink + 1e-4 })));
      const step = 2e-3;
      for (const regime of [BELOW, ABOVE]) {
        for (let index = 0; index < webLineModel.outputs.length; index++) {
          const [before, middle, after] = [kink - step, kink, kink + step].map(
            (b) => side(b, regime)[index]!,
          );
          const jump = Math.abs(after! - middle! - (middle! - before!));
          const travel = Math.abs(after! - before!);
          expect(jump, `${webLineModel.outputs[index]} in regime ${regime}`).toBeLessThan(
            0.03 * travel + 1e-7,
          );
        }
      }
      const kinked = [kink - step, kink, kink + step].map((b) => at(side(b, AUTO), `w${id.slice(1)}`));
      expect(Math.abs(kinked[2]! - 2 * kinked[1]! + kinked[0]!)).toBeGreaterThan(0.1);
    },
  );
});

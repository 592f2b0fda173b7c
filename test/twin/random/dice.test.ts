import { dice, Xoshiro128 } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { chiSquaredCumulative, mean } from "../../support/statistics.ts";

describe("xoshiro128++", () => {
  test("gives the published sequence from the state 1, 2, 3, 4", () => {
    const generator = new Xoshiro128("vector", [1, 2, 3, 4]);
    const drawn = Array.from({ length: 10 }, () => generator.bits());
    expect(drawn).toEqual([
      641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295, 495546011,
      621204420,
    ]);
  });
});

describe("streams", () => {
  const draw = (from: ReturnType<typeof dice>): number[] => Array.from({ length: 5 }, () => from.bits());

  test("a seed names one stream", () => expect(draw(dice(7))).toEqual(draw(dice(7))));
  test("another seed, another stream", () => expect(draw(dice(7))).not.toEqual(draw(dice(8))));

  test("a split depends on its name alone, not on what was drawn", () => {
    const fresh = dice(7);
    const used = dice(7);
    draw(used);
    expect(draw(used.split("chain 2"))).toEqual(draw(fresh.split("chain 2")));
  });

  test("a split draws nothing from its parent", () => {
    const split = dice(7);
    split.split("x");
    expect(draw(split)).toEqual(draw(dice(7)));
  });

  test("1 and '1' name different streams", () =>
    expect(draw(dice(7).split(1))).not.toEqual(draw(dice(7).split("1"))));

  test.each([
    ["a path", dice("s").split("a").split("b"), dice("s").split("a/string:b")],
    ["a number below", dice("s").split("a").split(1), dice("s").split("a/number:1")],
    ["an escape", dice("s").split("a/b"), dice("s").split("a~1b")],
    ["a seed that ends like a label", dice("s").split("a"), dice("s/string:a")],
  ])("no label reads like %s", (_, one, other) => expect(draw(one)).not.toEqual(draw(other)));

  test("sibling streams are uncorrelated", () => {
    const root = dice(11);
    const [left, right] = [root.split(0), root.split(1)];
    const n = 100_000;
    let sum = 0;
    for (let index = 0; index < n; index++) sum += left.normal() * right.normal();
    // The product of two independent standard normals has variance 1; 4.5 sd is passed by chance once in 150,000.
    expect(Math.abs(sum / Math.sqrt(n))).toBeLessThan(4.5);
  });
});

describe("normal numbers", () => {
  const source = dice("normal");
  const values = Float64Array.from({ length: 400_000 }, () => source.normal());

  test("have mean 0, variance 1, skewness 0 and kurtosis 3, within 4.5 sd of sampling", () => {
    const n = values.length;
    const bound = 4.5 / Math.sqrt(n);
    expect(Math.abs(mean(values))).toBeLessThan(bound);
    expect(Math.abs(mean(values.map((value) => value ** 2)) - 1)).toBeLessThan(Math.sqrt(2) * bound);
    expect(Math.abs(mean(values.map((value) => value ** 3)))).toBeLessThan(Math.sqrt(15) * bound);
    expect(Math.abs(mean(values.map((value) => value ** 4)) - 3)).toBeLessThan(Math.sqrt(96) * bound);
  });

  test("fall into 20 equally probable bins evenly, tails included", () => {
    const edges = [
      -1.6448536269514722, -1.2815515655446004, -1.0364333894937898, -0.8416212335729143, -0.6744897501960817,
      -0.5244005127080407, -0.38532046640756773, -0.2533471031357997, -0.12566134685507402, 0,
    ];
    const all = [
      ...edges,
      ...edges
        .slice(0, 9)
        .reverse()
        .map((edge) => -edge),
    ];
    const counts = new Float64Array(20);
    for (const value of values) counts[all.filter((edge) => value > edge).length]!++;
    const expected = values.length / 20;
    const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(1 - chiSquaredCumulative(statistic, 19)).toBeGreaterThan(1e-4);
  });

  test("reach beyond the ziggurat's tail as often as they should", () => {
    const beyond = values.filter((value) => Math.abs(value) > 3.442619855899).length;
    const expected = values.length * 5.7627e-4;
    expect(Math.abs(beyond - expected)).toBeLessThan(4.5 * Math.sqrt(expected));
  });
});

test("a uniform number is never 0 and never 1", () => {
  const lowest = new Xoshiro128("zeros", [0, 0, 0, 0]);
  expect(lowest.uniform()).toBeGreaterThan(0);
  const highest = ((2 ** 26 - 1) * 2 ** 26 + 2 ** 26 - 1 + 0.5) * 2 ** -52;
  expect(highest).toBeLessThan(1);
});

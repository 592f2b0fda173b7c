import { Standstill } from "@plumbline/twin/calibration/sampling/standstill";
import { expect, test } from "vitest";

test("the longest standstill is that of any walker, until it moves", () => {
  const standstill = new Standstill();
  const [a, b, c] = [0, 1, 2].map((value) => Float64Array.of(value)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (const points of [
    [a, b],
    [a, c],
    [a, c],
    [b, c],
    [b, b],
  ])
    standstill.note(points);
  expect(standstill.longest).toBe(2);
});

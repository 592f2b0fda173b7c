import { describe, expect, test } from "vitest";
import { benchRow, ifAgreeing, inTurn, skippedRow } from "./row.ts";

describe("a row of the benchmark", () => {
  test("holds when the ratio is on the promised side", () => {
    expect(benchRow("a", "ms", 2, 4, "lower", 0.5).holds).toBe(true);
    expect(benchRow("a", "ms", 2.1, 4, "lower", 0.5).holds).toBe(false);
    expect(benchRow("a", "steps/s", 2, 4, "higher", 0.5).holds).toBe(true);
    expect(benchRow("a", "steps/s", 1.9, 4, "higher", 0.5).holds).toBe(false);
  });

  test("does not hold, however fast, when the answers differ", () => {
    const fast = benchRow("a", "ms", 1, 100, "lower", 1);
    expect(ifAgreeing(fast, [1, 200.1], [1, 200], 1e-3)).toBe(fast);
    expect(ifAgreeing(fast, [1, 200.3], [1, 200], 1e-3)).toMatchObject({
      holds: false,
      fault: "answers differ by 0.0015, allowed 0.001",
    });
    expect(ifAgreeing(fast, [1], [1, 200], 1e-3).holds).toBe(false);
    expect(ifAgreeing(fast, [1, Number.NaN], [1, 200], 1e-3).holds).toBe(false);
  });

  test("that did not run says why and holds nothing", () => {
    expect(skippedRow("a", "ms", "no python3")).toMatchObject({ skipped: "no python3", holds: false });
  });

  test("measures its two sides in turn, after one round that does not count", async () => {
    const order: string[] = [];
    const figures = await inTurn(
      3,
      () => order.push("A"),
      () => order.push("B"),
    );
    expect(order.join("")).toBe("ABABABAB");
    expect(figures).toEqual([5, 6]);
  });
});

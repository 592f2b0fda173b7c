import { gaussHermite } from "@plumbline/twin/probability/gauss-hermite";
import { describe, expect, test } from "vitest";

describe("the Gauss–Hermite rule", () => {
  test("of order 3 and 5 has the nodes and weights in closed form", () => {
    const three = gaussHermite(3);
    expect(Array.from(three.nodes)).toEqual([
      expect.closeTo(Math.sqrt(3), 14),
      0,
      expect.closeTo(-Math.sqrt(3), 14),
    ]);
    expect(Array.from(three.weights)).toEqual([
      expect.closeTo(1 / 6, 14),
      expect.closeTo(2 / 3, 14),
      expect.closeTo(1 / 6, 14),
    ]);
    const five = gaussHermite(5);
    expect(five.nodes[0]).toBeCloseTo(Math.sqrt(5 + Math.sqrt(10)), 14);
    expect(five.nodes[1]).toBeCloseTo(Math.sqrt(5 - Math.sqrt(10)), 14);
    expect(five.weights[2]).toBeCloseTo(8 / 15, 14);
  });

  test.each([2, 3, 5, 8, 13, 20, 32])("of order %d integrates every moment up to 2p − 1", (order) => {
    const { nodes, weights } = gaussHermite(order);
    let exact = 1;
    for (let power = 0; power < 2 * order; power += 2) {
      const moment = nodes.reduce((sum, node, index) => sum + weights[index]! * node ** power, 0);
      expect(Math.abs(moment / exact - 1), `moment ${power}`).toBeLessThan(1e-11);
      exact *= power + 1;
    }
  });
});

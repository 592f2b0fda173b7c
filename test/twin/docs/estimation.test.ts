import { describe, expect, test } from "vitest";
import { agrees, claimsOf, examplesIn, run } from "./examples.ts";

const EXAMPLES = examplesIn("docs/estimation.md");

describe("docs/estimation.md", () => {
  test("has an example for every family", () => expect(EXAMPLES.length).toBeGreaterThanOrEqual(20));

  test.each(EXAMPLES.map((example, index) => [index + 1, example.heading, example] as const))(
    "example %i, %s: runs, and gives what it says",
    async (_index, _heading, example) => {
      const claims = claimsOf(example);
      expect(claims.length).toBeGreaterThan(0);
      const made = await run(example);
      for (const { name, claimed } of claims)
        expect(agrees(made[name], claimed), `${name} is ${String(made[name])}, said to be ${claimed}`).toBe(
          true,
        );
    },
  );

  test("a wrong claim would be found out", async () => {
    const [example] = examplesIn("docs/estimation.md");
    const made = await run({ heading: "", code: `${example!.code}\nconst planted = 1.25; // → 1.26` });
    expect(agrees(made["planted"], "1.25")).toBe(true);
    expect(agrees(made["planted"], "1.26")).toBe(false);
    expect(agrees(made["planted"], "1.3")).toBe(true);
  });
});

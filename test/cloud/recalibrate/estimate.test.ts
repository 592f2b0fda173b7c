import { Assimilator } from "@plumbline/twin/calibration/assimilator";
import { webLine } from "@plumbline/twin/definition/web-line";
import { expect, test } from "vitest";
import { estimate } from "../../../cloud/src/recalibrate/estimate.ts";

const DAY = 86_400_000;
const healthy = webLine.signals.map(({ nominal }) => nominal);
const row = (day: number, values: readonly number[] = healthy) => ({ at: day * DAY, values, inMode: true });

test("a row that cannot be believed is refused with its reason, and the rows after it are assimilated", async () => {
  const broken = healthy.map((value, index) => (index === 0 ? 1e30 : value));
  const { trace, refused, assimilator, saved } = await estimate(
    Assimilator.start(webLine),
    [row(0), row(1, broken), row(2)],
    async () => {},
  );
  expect(trace.map(({ at }) => at / DAY)).toEqual([0, 2]);
  expect(refused).toEqual([{ at: DAY, reason: "bad", detail: expect.stringMatching(/1e\+30/) }]);
  expect(assimilator.at).toBe(2 * DAY);
  expect(saved.map(({ at }) => at)).toEqual([2 * DAY]);
});

test("any other failure still ends the job", async () => {
  await expect(estimate(Assimilator.start(webLine), [row(1), row(0)], async () => {})).rejects.toMatchObject({
    code: "OUT_OF_ORDER",
  });
});

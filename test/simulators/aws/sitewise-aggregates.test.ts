import {
  BatchPutAssetPropertyValueCommand,
  GetAssetPropertyAggregatesCommand,
} from "@aws-sdk/client-iotsitewise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at, errorOf, NOW, openBox, type TestBox } from "./box-harness.ts";

const MINUTE = 6e4;
const START = NOW - 60 * MINUTE;
let t: TestBox;

const write = async (
  propertyAlias: string,
  points: readonly (readonly [number, number, ("GOOD" | "BAD")?])[],
): Promise<void> => {
  for (let from = 0; from < points.length; from += 10) {
    const propertyValues = points.slice(from, from + 10).map(([ms, value, quality = "GOOD"]) => ({
      value: { doubleValue: value },
      timestamp: at(ms),
      quality,
    }));
    await t.clients.sitewise.send(
      new BatchPutAssetPropertyValueCommand({ entries: [{ entryId: "e", propertyAlias, propertyValues }] }),
    );
  }
};
beforeAll(async () => {
  t = await openBox();
});
afterAll(async () => {
  expect(t.validations.sitewise.faults.filter((fault) => fault.includes(" answer: "))).toEqual([]);
  await t[Symbol.asyncDispose]();
});

describe("aggregates", () => {
  const border = Math.floor(START / (15 * MINUTE)) * 15 * MINUTE;
  const ask = (more: object) =>
    t.clients.sitewise.send(
      new GetAssetPropertyAggregatesCommand({
        propertyAlias: "/plant/read/quarter",
        aggregateTypes: ["AVERAGE", "COUNT", "MAXIMUM", "MINIMUM", "SUM", "STANDARD_DEVIATION"],
        resolution: "15m",
        startDate: new Date(border),
        endDate: new Date(NOW),
        ...more,
      }),
    );
  beforeAll(() =>
    write("/plant/read/quarter", [
      [border, 100], // on the border: belongs to the window that ends here
      [border + 1, 1],
      [border + 5 * MINUTE, 9, "BAD"],
      [border + 15 * MINUTE, 3],
      [border + 20 * MINUTE, 5],
    ]),
  );

  test("a window holds its end and not its start, and is named by its end", async () => {
    const found = await ask({});
    expect(found.aggregatedValues?.map(({ timestamp, value }) => [timestamp?.getTime(), value])).toEqual([
      [border + 15 * MINUTE, { average: 2, count: 2, maximum: 3, minimum: 1, sum: 4, standardDeviation: 1 }],
      [border + 30 * MINUTE, { average: 5, count: 1, maximum: 5, minimum: 5, sum: 5, standardDeviation: 0 }],
    ]);
  });

  test("the start is excluded, order and pages are as asked, qualities pick", async () => {
    const later = await ask({ startDate: new Date(border + 15 * MINUTE), aggregateTypes: ["SUM"] });
    expect(later.aggregatedValues?.map(({ value }) => value?.sum)).toEqual([5]);
    const first = await ask({ timeOrdering: "DESCENDING", maxResults: 1, aggregateTypes: ["SUM"] });
    const second = await ask({
      timeOrdering: "DESCENDING",
      maxResults: 1,
      aggregateTypes: ["SUM"],
      nextToken: first.nextToken,
    });
    expect(
      [first, second].flatMap(({ aggregatedValues }) => aggregatedValues?.map(({ value }) => value?.sum)),
    ).toEqual([5, 4]);
    expect((await ask({ qualities: ["BAD"] })).aggregatedValues?.map(({ value }) => value?.sum)).toEqual([9]);
  });

  test("a resolution or type that AWS has not is refused, and text has a count only", async () => {
    expect(await errorOf(ask({ resolution: "5m" }))).toMatchObject({ name: "InvalidRequestException" });
    await t.clients.sitewise.send(
      new BatchPutAssetPropertyValueCommand({
        entries: [
          {
            entryId: "e",
            propertyAlias: "/text",
            propertyValues: [{ value: { stringValue: "a" }, timestamp: at(NOW - 20 * MINUTE) }],
          },
        ],
      }),
    );
    expect(await errorOf(ask({ propertyAlias: "/text" }))).toMatchObject({ name: "InvalidRequestException" });
    expect(
      (await ask({ propertyAlias: "/text", aggregateTypes: ["COUNT"] })).aggregatedValues?.map(
        ({ value }) => value,
      ),
    ).toEqual([{ count: 1 }]);
  });
});

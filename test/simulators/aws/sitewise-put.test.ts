import {
  type BatchPutAssetPropertyErrorEntry,
  BatchPutAssetPropertyValueCommand,
  GetAssetPropertyValueHistoryCommand,
  type PutAssetPropertyValueEntry,
  PutStorageConfigurationCommand,
} from "@aws-sdk/client-iotsitewise";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { at, errorOf, NOW, openBox, type TestBox } from "./box-harness.ts";

let t: TestBox;
let alias = "";
let count = 0;
beforeAll(async () => {
  t = await openBox({
    quotas: { dataRequestsPerSecond: 1e9, valuesPerSecond: 1e9, entriesPerPropertySecond: 1e6 },
  });
});
afterAll(async () => {
  expect(t.validations.sitewise.faults.filter((fault) => fault.includes(" answer: "))).toEqual([]);
  await t[Symbol.asyncDispose]();
});
beforeEach(() => {
  count += 1;
  alias = `/plant/put/${count}`;
});

type Value = NonNullable<PutAssetPropertyValueEntry["propertyValues"]>[number];
const double = (value: number, ms = NOW, quality?: "GOOD" | "BAD" | "UNCERTAIN"): Value => ({
  value: { doubleValue: value },
  timestamp: at(ms),
  ...(quality && { quality }),
});
const entry = (
  propertyValues: Value[],
  entryId = "e1",
  propertyAlias = alias,
): PutAssetPropertyValueEntry => ({ entryId, propertyAlias, propertyValues });
const put = async (
  entries: PutAssetPropertyValueEntry[],
  partial?: boolean,
): Promise<BatchPutAssetPropertyErrorEntry[]> =>
  (
    await t.clients.sitewise.send(
      new BatchPutAssetPropertyValueCommand({ entries, enablePartialEntryProcessing: partial }),
    )
  ).errorEntries ?? [];
const stored = async (propertyAlias = alias): Promise<(number | string | undefined)[]> =>
  (
    await t.clients.sitewise.send(
      new GetAssetPropertyValueHistoryCommand({
        propertyAlias,
        startDate: new Date(0),
        endDate: new Date(NOW + 864e5),
        maxResults: 1_000,
      }),
    )
  ).assetPropertyValueHistory?.map(
    ({ value }) => value?.doubleValue ?? value?.stringValue ?? value?.integerValue,
  ) ?? [];
const codes = (errors: BatchPutAssetPropertyErrorEntry[]): (string | undefined)[] =>
  errors.flatMap(({ errors: each }) => each?.map(({ errorCode }) => errorCode) ?? []);

const DAY = 864e5;
const MINUTE = 6e4;
const numbered = (n: number): PutAssetPropertyValueEntry[] =>
  Array.from({ length: n }, (_, i) => entry([double(i)], `e${i}`, `${alias}/${i}`));

describe("the request's limits", () => {
  test("ten entries of ten values are taken, an eleventh of either is refused", async () => {
    const values = (n: number): Value[] => Array.from({ length: n }, (_, i) => double(i, NOW - i * 1_000));
    expect(await put(numbered(10).map((each) => ({ ...each, propertyValues: values(10) })))).toEqual([]);
    expect(await errorOf(put(numbered(11)))).toMatchObject({ name: "InvalidRequestException", status: 400 });
    expect(await errorOf(put([entry(values(11))]))).toMatchObject({ name: "InvalidRequestException" });
    expect(await errorOf(put([]))).toMatchObject({ name: "InvalidRequestException" });
  });

  test("two entries of one id are refused", async () => {
    expect((await errorOf(put([entry([double(1)]), entry([double(2)])]))).message).toContain("unique");
  });

  test("a member that is not of AWS's model is refused by name", async () => {
    const odd = { ...entry([double(1)]), entryId: "not an id" };
    expect((await errorOf(put([odd]))).message).toContain("entries.1.member.entryId");
  });

  test("alias and ids together, or only half of the ids, fail their entry alone", async () => {
    const id = "11111111-1111-4111-8111-111111111111";
    const errors = await put([
      { ...entry([double(1)], "both"), assetId: id, propertyId: id },
      { entryId: "half", assetId: id, propertyValues: [double(1)] },
      entry([double(3)], "good"),
    ]);
    expect(errors.map(({ entryId }) => entryId)).toEqual(["both", "half"]);
    expect(codes(errors)).toEqual(["InvalidRequestException", "InvalidRequestException"]);
    expect(await stored()).toEqual([3]);
  });
});

describe("the time window on the scenario clock", () => {
  test.each([
    ["seven days back", NOW - 7 * DAY, true],
    ["a millisecond more than seven days back", NOW - 7 * DAY - 1, false],
    ["ten minutes ahead", NOW + 10 * MINUTE, true],
    ["a millisecond more than ten minutes ahead", NOW + 10 * MINUTE + 1, false],
  ])("%s", async (_name, ms, taken) => {
    expect(codes(await put([entry([double(1, ms)])]))).toEqual(taken ? [] : ["TimestampOutOfRangeException"]);
    expect(await stored().catch(() => [])).toEqual(taken ? [1] : []);
  });

  test("moves with the frontier, not with the wall", async () => {
    t.setNow(NOW + 30 * MINUTE);
    expect(await put([entry([double(1, NOW + 40 * MINUTE)])])).toEqual([]);
    t.setNow(NOW);
    expect(codes(await put([entry([double(1, NOW + 40 * MINUTE)])]))).toEqual([
      "TimestampOutOfRangeException",
    ]);
  });

  test("an error names the timestamps it is about", async () => {
    const [error] = await put([entry([double(1), double(2, NOW - 8 * DAY), double(3, NOW - 9 * DAY)])]);
    expect(error?.errors?.map(({ timestamps }) => timestamps)).toEqual([
      [at(NOW - 8 * DAY), at(NOW - 9 * DAY)],
    ]);
  });
});

describe("partial processing", () => {
  test("off, one bad value fails its whole entry and no other", async () => {
    await put([
      entry([double(1), double(2, NOW - 8 * DAY)], "bad"),
      entry([double(3)], "good", `${alias}/other`),
    ]);
    expect(await errorOf(stored())).toMatchObject({ name: "ResourceNotFoundException", status: 404 });
    expect(await stored(`${alias}/other`)).toEqual([3]);
  });

  test("on, the good values of the entry are stored", async () => {
    const errors = await put([entry([double(1), double(2, NOW - 8 * DAY), double(4, NOW - 1)])], true);
    expect(codes(errors)).toEqual(["TimestampOutOfRangeException"]);
    expect(await stored()).toEqual([4, 1]);
  });
});

describe("identity of a point", () => {
  test("same time and quality: the later value replaces; another quality is another point", async () => {
    await put([entry([double(1)])]);
    await put([entry([double(2)])]);
    expect(await stored()).toEqual([2]);
    await put([entry([double(3, NOW, "BAD"), double(4, NOW, "UNCERTAIN")])]);
    expect(await stored()).toEqual([3, 4, 2]);
    await put([entry([double(5, NOW, "BAD")])]);
    expect(await stored()).toEqual([5, 4, 2]);
  });

  test("a nanosecond apart is another point", async () => {
    const next = { ...double(2), timestamp: { ...at(NOW), offsetInNanos: at(NOW).offsetInNanos + 1 } };
    await put([entry([double(1), next])]);
    expect(await stored()).toEqual([1, 2]);
  });

  test("a second holds ten values of one quality, an eleventh is told as a limit", async () => {
    const second = Math.floor(NOW / 1_000) * 1_000;
    await put([entry(Array.from({ length: 10 }, (_, i) => double(i, second + i)))]);
    const over = [entry([double(10, second + 10), double(0.5, second), double(11, second + 5_000)])];
    expect(codes(await put(over))).toEqual(["LimitExceededException"]);
    expect(await stored()).toHaveLength(10);
    expect(codes(await put(over, true))).toEqual(["LimitExceededException"]);
    expect(await stored()).toEqual([0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11]);
  });
});

describe("values", () => {
  test("a stream keeps the type of its first value", async () => {
    await put([entry([double(1)])]);
    const text: Value = { value: { stringValue: "x" }, timestamp: at(NOW) };
    expect(codes(await put([entry([text])]))).toEqual(["InvalidRequestException"]);
    expect(codes(await put([entry([{ value: { integerValue: 1 }, timestamp: at(NOW) }])]))).toEqual([
      "InvalidRequestException",
    ]);
    expect(await put([entry([text], "e1", `${alias}/text`)])).toEqual([]);
  });

  test("NaN and null need a quality below GOOD, and come back as they went", async () => {
    const none: Value = {
      value: { nullValue: { valueType: "D" } },
      timestamp: at(NOW - 1),
      quality: "UNCERTAIN",
    };
    expect(codes(await put([entry([double(Number.NaN)])]))).toEqual(["InvalidRequestException"]);
    expect(await put([entry([double(Number.NaN, NOW, "BAD"), none])])).toEqual([]);
    const history = await t.clients.sitewise.send(
      new GetAssetPropertyValueHistoryCommand({ propertyAlias: alias }),
    );
    expect(history.assetPropertyValueHistory?.map(({ value }) => value)).toEqual([
      { nullValue: { valueType: "D" } },
      { doubleValue: Number.NaN },
    ]);
  });

  test("an infinity and a magnitude above 1e100 are refused, a double keeps every bit", async () => {
    expect(codes(await put([entry([double(Number.POSITIVE_INFINITY)])]))).toEqual([
      "InvalidRequestException",
    ]);
    expect(codes(await put([entry([double(2e100)])]))).toEqual(["InvalidRequestException"]);
    const values = [0.1 + 0.2, -0, Number.MIN_VALUE, 1e100, 2 ** 53];
    await put([entry(values.map((value, i) => double(value, NOW + i)))]);
    const found = await stored();
    expect(found.every((each, i) => Object.is(each, values[i]) || each === values[i])).toBe(true);
  });

  test("a text of 1,024 characters is taken, one more is not, the empty one is", async () => {
    const text = (length: number): Value => ({
      value: { stringValue: "x".repeat(length) },
      timestamp: at(NOW - length),
    });
    expect(await put([entry([text(1_024), text(0)])])).toEqual([]);
    expect(await errorOf(put([entry([text(1_025)])]))).toMatchObject({ name: "InvalidRequestException" });
  });
});

describe("quotas", () => {
  test("requests above the account's rate get 429, and are let in again on the scenario clock", async () => {
    let wall = Date.now();
    await using small = await openBox(
      { quotas: { dataRequestsPerSecond: 2 }, scenarioClock: undefined },
      { wall: () => wall },
    );
    const send = (): Promise<unknown> =>
      small.clients.sitewise.send(
        new BatchPutAssetPropertyValueCommand({ entries: [entry([double(1, wall)])] }),
      );
    await send();
    await send();
    expect(await errorOf(send())).toMatchObject({ name: "ThrottlingException", status: 429 });
    wall += 500;
    await send();
    expect(await errorOf(send())).toMatchObject({ name: "ThrottlingException" });
  });

  test("entries and values above their rates are throttled for themselves", async () => {
    await using small = await openBox({
      quotas: { valuesPerSecond: 3, entriesPerPropertySecond: 2 },
      scenarioClock: undefined,
    });
    const now = Date.now();
    const send = async (entries: PutAssetPropertyValueEntry[]): Promise<(string | undefined)[]> =>
      codes(
        (await small.clients.sitewise.send(new BatchPutAssetPropertyValueCommand({ entries })))
          .errorEntries ?? [],
      );
    const values = (n: number): Value[] => Array.from({ length: n }, (_, i) => double(i, now - i * 1_000));
    expect(await send([entry(values(2), "a", "/a"), entry(values(2), "b", "/b")])).toEqual([
      "ThrottlingException",
    ]);
    expect(
      await send([entry(values(1), "a", "/c"), entry(values(1), "b", "/c"), entry(values(1), "c", "/c")]),
    ).toContain("ThrottlingException");
  });
});

test("with disassociated storage disabled, an unknown alias is told for its entry, and null values can be disallowed", async () => {
  await using own = await openBox();
  const configure = (more: object): Promise<unknown> =>
    own.clients.sitewise.send(
      new PutStorageConfigurationCommand({ storageType: "SITEWISE_DEFAULT_STORAGE", ...more }),
    );
  const send = async (value: Value): Promise<(string | undefined)[]> =>
    codes(
      (await own.clients.sitewise.send(new BatchPutAssetPropertyValueCommand({ entries: [entry([value])] })))
        .errorEntries ?? [],
    );
  await configure({ disassociatedDataStorage: "DISABLED", disallowIngestNullNaN: true });
  expect(await send(double(1))).toEqual(["ResourceNotFoundException"]);
  await configure({ disassociatedDataStorage: "ENABLED" });
  expect(await send(double(1))).toEqual([]);
  expect(await send(double(Number.NaN, NOW, "BAD"))).toEqual(["InvalidRequestException"]);
  expect(await errorOf(configure({ disassociatedDataStorage: "DISABLED" }))).toMatchObject({
    name: "InvalidRequestException",
  });
});

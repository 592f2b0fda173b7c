import {
  type AssetPropertyValue,
  type BatchPutAssetPropertyErrorEntry,
  BatchPutAssetPropertyValueCommand,
  CreateAssetCommand,
  CreateAssetModelCommand,
  DescribeAssetCommand,
  IoTSiteWiseClient,
  IoTSiteWiseServiceException,
  type PutAssetPropertyValueEntry,
  paginateBatchGetAssetPropertyValueHistory,
  paginateListAssetModels,
  paginateListAssets,
  UpdateAssetPropertyCommand,
  waitUntilAssetActive,
  waitUntilAssetModelActive,
} from "@aws-sdk/client-iotsitewise";
import type { Quality } from "@plumbline/twin/contract/reading";
import type { MeasuredAlias, TwinProperty } from "@plumbline/twin/definition/properties";
import { TwinError } from "@plumbline/twin/errors";
import type { Measurement, MeasurementStore } from "../history/measurements.ts";
import type { AssetAdmin, AssetPropertyState } from "../provision/assets.ts";
import { nanos } from "../sitewise/bulk-csv.ts";
import {
  type Entry,
  type EntryFault,
  type Point,
  type PropertyStore,
  RequestFault,
} from "../sitewise/point.ts";
import { type ClientOptions, clientConfig } from "./client-options.ts";

/** BatchGetAssetPropertyValueHistory takes so many properties, and gives so many values a page. */
const HISTORY_ENTRIES = 16;
const HISTORY_PAGE = 20_000;
/** An asset or model that is not active by then needs a person. Seconds. */
const ACTIVE_WITHIN = 300;
/** SiteWise takes whole-second bounds in some clients: a millisecond is the finest step that every path keeps. */
const FIRST_INSTANT = new Date(1_000);

export class SiteWise implements PropertyStore, MeasurementStore, AssetAdmin {
  readonly #client: IoTSiteWiseClient;

  constructor(options: ClientOptions) {
    this.#client = new IoTSiteWiseClient({
      ...clientConfig(options),
      ...(options.disableHostPrefix === true ? { disableHostPrefix: true } : {}),
    });
  }

  async put(entries: readonly Entry[]): Promise<readonly EntryFault[]> {
    try {
      const { errorEntries } = await this.#client.send(
        new BatchPutAssetPropertyValueCommand({
          entries: entries.map(toRequestEntry),
          enablePartialEntryProcessing: true,
        }),
      );
      return (errorEntries ?? []).flatMap(toFaults);
    } catch (error) {
      if (!(error instanceof IoTSiteWiseServiceException)) throw error;
      throw new RequestFault(error.name, error.message, error);
    }
  }

  async *measurements(
    aliases: readonly MeasuredAlias[],
    after: number,
    until: number,
  ): AsyncIterable<Measurement> {
    for (let start = 0; start < aliases.length; start += HISTORY_ENTRIES) {
      const chunk = aliases.slice(start, start + HISTORY_ENTRIES);
      // One request per quality: the filter takes one, and none would mean all only on newer endpoints.
      for (const quality of ["GOOD", "UNCERTAIN", "BAD"] as const)
        yield* this.#history(chunk, after, until, quality);
    }
  }

  async *#history(
    aliases: readonly MeasuredAlias[],
    after: number,
    until: number,
    quality: Quality,
  ): AsyncIterable<Measurement> {
    const startDate = new Date(Math.max(after, FIRST_INSTANT.getTime()));
    const entries = aliases.map((propertyAlias, index) => ({
      entryId: `e${index}`,
      propertyAlias,
      startDate,
      endDate: new Date(until),
      qualities: [quality],
      timeOrdering: "ASCENDING" as const,
    }));
    const pages = paginateBatchGetAssetPropertyValueHistory(
      { client: this.#client },
      { entries, maxResults: HISTORY_PAGE },
    );
    for await (const { successEntries, errorEntries } of pages) {
      const [fault] = errorEntries ?? [];
      if (fault) throw notReadable(`${fault.errorCode}: ${fault.errorMessage}`);
      for (const { entryId, assetPropertyValueHistory } of successEntries ?? []) {
        const alias = aliases[Number(entryId?.slice(1))];
        if (alias === undefined) throw notReadable(`an answer to entry ${entryId}, which was not asked`);
        for (const value of assetPropertyValueHistory ?? []) yield toMeasurement(alias, value);
      }
    }
  }

  async modelNamed(name: string): Promise<string | undefined> {
    for await (const { assetModelSummaries } of paginateListAssetModels({ client: this.#client }, {})) {
      const found = assetModelSummaries?.find((model) => model.name === name);
      if (found?.id !== undefined) return found.id;
    }
    return undefined;
  }

  async createModel(
    name: string,
    description: string,
    properties: readonly TwinProperty[],
    token: string,
  ): Promise<string> {
    const { assetModelId } = await this.#client.send(
      new CreateAssetModelCommand({
        assetModelName: name,
        assetModelDescription: description,
        assetModelProperties: properties.map(({ name: property, dataType, unit }) => ({
          name: property,
          dataType,
          unit,
          type: { measurement: {} },
        })),
        clientToken: token,
      }),
    );
    return given(assetModelId, `the id of model ${name}`);
  }

  async modelActive(assetModelId: string): Promise<void> {
    await waitUntilAssetModelActive(
      { client: this.#client, maxWaitTime: ACTIVE_WITHIN, minDelay: 1, maxDelay: 5 },
      { assetModelId },
    );
  }

  async assetNamed(assetModelId: string, name: string): Promise<string | undefined> {
    for await (const { assetSummaries } of paginateListAssets(
      { client: this.#client },
      { assetModelId, filter: "ALL" },
    )) {
      const found = assetSummaries?.find((asset) => asset.name === name);
      if (found?.id !== undefined) return found.id;
    }
    return undefined;
  }

  async createAsset(assetModelId: string, assetName: string, clientToken: string): Promise<string> {
    const { assetId } = await this.#client.send(
      new CreateAssetCommand({ assetModelId, assetName, clientToken }),
    );
    return given(assetId, `the id of asset ${assetName}`);
  }

  async assetActive(assetId: string): Promise<void> {
    await waitUntilAssetActive(
      { client: this.#client, maxWaitTime: ACTIVE_WITHIN, minDelay: 1, maxDelay: 5 },
      { assetId },
    );
  }

  async properties(assetId: string): Promise<ReadonlyMap<string, AssetPropertyState>> {
    const { assetProperties } = await this.#client.send(new DescribeAssetCommand({ assetId }));
    return new Map(
      (assetProperties ?? []).map(({ id, name, alias, unit }) => [
        given(name, "a property's name"),
        {
          id: given(id, "a property's id"),
          ...(alias === undefined ? {} : { alias }),
          ...(unit === undefined ? {} : { unit }),
        },
      ]),
    );
  }

  async setAlias(assetId: string, { id, unit }: AssetPropertyState, propertyAlias: string): Promise<void> {
    // What an update leaves out it clears: the unit goes along.
    await this.#client.send(
      new UpdateAssetPropertyCommand({
        assetId,
        propertyId: id,
        propertyAlias,
        ...(unit === undefined ? {} : { propertyUnit: unit }),
      }),
    );
  }
}

const toTime = (at: number): { timeInSeconds: number; offsetInNanos: number } => ({
  timeInSeconds: Math.floor(at / 1_000),
  offsetInNanos: nanos(at),
});
const fromTime = (
  time: { timeInSeconds: number | undefined; offsetInNanos?: number | undefined } | undefined,
): number => (time?.timeInSeconds ?? Number.NaN) * 1_000 + (time?.offsetInNanos ?? 0) / 1e6;

const toRequestEntry = ({ alias, points }: Entry, index: number): PutAssetPropertyValueEntry => ({
  entryId: `e${index}`,
  propertyAlias: alias,
  propertyValues: points.map(toValue),
});

const toValue = ({ at, value, quality }: Point): AssetPropertyValue => {
  const timestamp = toTime(at);
  if (typeof value === "string") return { value: { stringValue: value }, timestamp, quality };
  if (Number.isFinite(value)) return { value: { doubleValue: value }, timestamp, quality };
  return {
    value: { nullValue: { valueType: "D" } },
    timestamp,
    quality: quality === "GOOD" ? "BAD" : quality,
  };
};

const toFaults = ({ entryId, errors }: BatchPutAssetPropertyErrorEntry): EntryFault[] =>
  (errors ?? []).map(({ errorCode, errorMessage, timestamps }) => ({
    entry: Number(entryId?.slice(1)),
    code: errorCode ?? "InternalFailureException",
    message: errorMessage ?? "",
    at: (timestamps ?? []).map(fromTime),
  }));

const toMeasurement = (
  alias: MeasuredAlias,
  { value, timestamp, quality }: AssetPropertyValue,
): Measurement => ({
  alias,
  at: fromTime(timestamp),
  value: value?.doubleValue ?? value?.integerValue ?? Number.NaN,
  quality: quality ?? "GOOD",
});

const notReadable = (what: string): TwinError =>
  new TwinError(
    "HISTORY_UNREADABLE",
    `SiteWise's history answered ${what}`,
    "provision the asset, or read the archive with --history archive",
    { retry: "later" },
  );

function given(value: string | undefined, what: string): string {
  if (value !== undefined) return value;
  throw new TwinError(
    "BAD_ANSWER",
    `SiteWise did not give ${what}`,
    "run again; if it stays, look at the service",
    { retry: "later" },
  );
}

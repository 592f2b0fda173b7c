/**
 * AWS's limits that its service models do not state, each by name. Sources: facts of the SiteWise user guide (2022);
 * adjustable on AWS, and so here: a box may be started with other numbers. Rates are counted on the scenario clock.
 */
export interface Quotas {
  /** BatchPutAssetPropertyValue: entries in a request. */
  readonly entriesPerPut: number;
  /** BatchPutAssetPropertyValue: values in an entry. */
  readonly valuesPerEntry: number;
  /** Oldest value accepted, ms before now; inclusive. */
  readonly oldestValue: number;
  /** Newest value accepted, ms after now; inclusive. */
  readonly newestValue: number;
  /** Data-plane requests per second and account. */
  readonly dataRequestsPerSecond: number;
  /** Values written per second and account. */
  readonly valuesPerSecond: number;
  /** BatchPut entries per second and property. */
  readonly entriesPerPropertySecond: number;
  /** Values stored of one property and quality within one second of event time. */
  readonly valuesPerStoredSecond: number;
  /** Requests per second to the asset-model, asset and time-series operations. */
  readonly modelRequestsPerSecond: number;
  readonly assetRequestsPerSecond: number;
  readonly seriesRequestsPerSecond: number;
  readonly assetModels: number;
  readonly assetsPerModel: number;
  readonly propertiesPerModel: number;
  /** Bytes of an alias; AWS's model says 2,048 characters, its guide 1,000 bytes. */
  readonly aliasBytes: number;
  /** Largest history page, bytes of JSON and values. */
  readonly historyPageBytes: number;
  readonly historyPageValues: number;
  /** Entries of a BatchGetAssetPropertyValue and of a BatchGetAssetPropertyValueHistory. */
  readonly entriesPerLatest: number;
  readonly entriesPerHistory: number;
  /** Largest page of aggregates, values. */
  readonly aggregatePageValues: number;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export const AWS_QUOTAS: Quotas = {
  entriesPerPut: 10,
  valuesPerEntry: 10,
  oldestValue: 7 * DAY,
  newestValue: 10 * MINUTE,
  dataRequestsPerSecond: 1_000,
  valuesPerSecond: 1_000,
  entriesPerPropertySecond: 10,
  valuesPerStoredSecond: 10,
  modelRequestsPerSecond: 10,
  assetRequestsPerSecond: 30,
  seriesRequestsPerSecond: 30,
  assetModels: 100,
  assetsPerModel: 10_000,
  propertiesPerModel: 200,
  aliasBytes: 1_000,
  historyPageBytes: 4 * 1024 * 1024,
  historyPageValues: 20_000,
  entriesPerLatest: 128,
  entriesPerHistory: 16,
  aggregatePageValues: 2_500,
};

import type { Quotas } from "../quotas.ts";
import type { BoxClock } from "../scenario-time.ts";
import type { Store } from "../sqlite-store.ts";
import type { RateLimits } from "../token-bucket.ts";
import { throttled } from "./faults.ts";
import { AssetTable } from "./sqlite-assets.ts";
import { ModelTable } from "./sqlite-models.ts";
import { PointTable } from "./sqlite-points.ts";
import { SeriesTable } from "./sqlite-series.ts";
import { StorageTable } from "./sqlite-storage.ts";
import { TokenTable } from "./sqlite-tokens.ts";

/** What SiteWise's operations work with. */
export interface SiteWise {
  readonly store: Store;
  readonly clock: BoxClock;
  readonly quotas: Quotas;
  readonly rates: RateLimits;
  readonly models: ModelTable;
  readonly assets: AssetTable;
  readonly series: SeriesTable;
  readonly points: PointTable;
  readonly storage: StorageTable;
  readonly tokens: TokenTable;
  /** How long a new model or asset stays CREATING, ms on the wall. */
  readonly createDelayMs: number;
  readonly arn: (resource: string) => string;
}

export interface SiteWiseSettings
  extends Pick<SiteWise, "store" | "clock" | "quotas" | "rates" | "createDelayMs"> {
  readonly region: string;
  readonly account: string;
}

export function makeSiteWise({ region, account, ...settings }: SiteWiseSettings): SiteWise {
  const { store } = settings;
  return {
    ...settings,
    models: new ModelTable(store),
    assets: new AssetTable(store),
    series: new SeriesTable(store),
    points: new PointTable(store),
    storage: new StorageTable(store),
    tokens: new TokenTable(store),
    arn: (resource) => `arn:aws:iotsitewise:${region}:${account}:${resource}`,
  };
}

type RateName =
  | "dataRequestsPerSecond"
  | "modelRequestsPerSecond"
  | "assetRequestsPerSecond"
  | "seriesRequestsPerSecond";

/** @throws {ServiceFault} ThrottlingException when the account's rate for this kind of request is used up. */
export function admit({ rates, quotas }: SiteWise, rate: RateName): void {
  if (!rates.allows(rate, quotas[rate]))
    throw throttled(`Rate exceeded: ${quotas[rate]} requests per second (${rate})`);
}

import { restJsonFault } from "../http/json-answer.ts";
import type { Operation, Service } from "../http/service.ts";
import { createModel, describeModel, listModels, updateModel } from "./asset-models.ts";
import { createAsset, describeAsset, listAssets } from "./assets.ts";
import { batchGetHistory } from "./batch-history.ts";
import { makeSiteWise, type SiteWiseSettings } from "./context.ts";
import { getAggregates } from "./get-aggregates.ts";
import { batchPut } from "./put-values.ts";
import { batchGetValue, getHistory, getValue } from "./read-values.ts";
import { describeStorage, putStorage } from "./storage-configuration.ts";
import { describeTimeSeries, listTimeSeries } from "./time-series.ts";
import { updateProperty } from "./update-property.ts";

const MAX_BODY = 1024 * 1024;

const on =
  (hostPrefix: "data." | "api.") =>
  (name: string, method: string, path: string, answer: Operation["answer"]): Operation => ({
    name,
    method,
    path,
    hostPrefix,
    answer,
  });
const data = on("data.");
const api = on("api.");

/** IoT SiteWise, as far as it is used: the paths, methods and host prefixes are those of AWS's model. */
export function siteWiseService(settings: SiteWiseSettings): Service {
  const sitewise = makeSiteWise(settings);
  return {
    signingName: "iotsitewise",
    maxBodyBytes: MAX_BODY,
    escapesPath: true,
    fault: restJsonFault,
    operations: [
      data("BatchPutAssetPropertyValue", "POST", "/properties", batchPut(sitewise)),
      data("GetAssetPropertyValue", "GET", "/properties/latest", getValue(sitewise)),
      data("BatchGetAssetPropertyValue", "POST", "/properties/batch/latest", batchGetValue(sitewise)),
      data("GetAssetPropertyValueHistory", "GET", "/properties/history", getHistory(sitewise)),
      data(
        "BatchGetAssetPropertyValueHistory",
        "POST",
        "/properties/batch/history",
        batchGetHistory(sitewise),
      ),
      data("GetAssetPropertyAggregates", "GET", "/properties/aggregates", getAggregates(sitewise)),
      api("CreateAssetModel", "POST", "/asset-models", createModel(sitewise)),
      api("DescribeAssetModel", "GET", "/asset-models/{assetModelId}", describeModel(sitewise)),
      api("UpdateAssetModel", "PUT", "/asset-models/{assetModelId}", updateModel(sitewise)),
      api("ListAssetModels", "GET", "/asset-models", listModels(sitewise)),
      api("CreateAsset", "POST", "/assets", createAsset(sitewise)),
      api("DescribeAsset", "GET", "/assets/{assetId}", describeAsset(sitewise)),
      api("ListAssets", "GET", "/assets", listAssets(sitewise)),
      api(
        "UpdateAssetProperty",
        "PUT",
        "/assets/{assetId}/properties/{propertyId}",
        updateProperty(sitewise),
      ),
      api("ListTimeSeries", "GET", "/timeseries/", listTimeSeries(sitewise)),
      api("DescribeTimeSeries", "GET", "/timeseries/describe/", describeTimeSeries(sitewise)),
      api("PutStorageConfiguration", "POST", "/configuration/account/storage", putStorage(sitewise)),
      api("DescribeStorageConfiguration", "GET", "/configuration/account/storage", describeStorage(sitewise)),
    ],
  };
}

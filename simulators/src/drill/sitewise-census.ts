import { GetAssetPropertyValueHistoryCommand, IoTSiteWiseClient } from "@aws-sdk/client-iotsitewise";
import { measuredAlias } from "@plumbline/twin/definition/properties";

export interface CensusSource {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Largest page that the service gives. */
const PAGE = 20_000;

/**
 * Every point that SiteWise holds of a machine's measured properties, through AWS's own client:
 * per signal the event times (ms), with repetitions if a time has several points.
 */
export async function storedPoints(
  source: CensusSource,
  thing: string,
  instance: string,
  signals: readonly string[],
  until: number,
): Promise<Map<string, number[]>> {
  const client = new IoTSiteWiseClient({ ...source, disableHostPrefix: true });
  const stored = new Map<string, number[]>();
  try {
    for (const signal of signals)
      stored.set(signal, await pointsOf(client, measuredAlias(thing, instance, signal), until));
  } finally {
    client.destroy();
  }
  return stored;
}

async function pointsOf(client: IoTSiteWiseClient, propertyAlias: string, until: number): Promise<number[]> {
  const times: number[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new GetAssetPropertyValueHistoryCommand({
        propertyAlias,
        startDate: new Date(1),
        endDate: new Date(until),
        maxResults: PAGE,
        timeOrdering: "ASCENDING",
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
    );
    for (const { timestamp } of page.assetPropertyValueHistory ?? []) {
      if (timestamp?.timeInSeconds !== undefined)
        times.push(timestamp.timeInSeconds * 1_000 + Math.round((timestamp.offsetInNanos ?? 0) / 1e6));
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return times;
}

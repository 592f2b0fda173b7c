import type { Statement, Store } from "../sqlite-store.ts";

export interface StorageConfiguration {
  readonly storageType: "SITEWISE_DEFAULT_STORAGE" | "MULTI_LAYER_STORAGE";
  readonly disassociatedDataStorage: "ENABLED" | "DISABLED";
  readonly warmTier: "ENABLED" | "DISABLED";
  readonly disallowIngestNullNaN: boolean;
  readonly [member: string]: unknown;
}

/** An account that never said anything: streams without an asset are kept. */
export const DEFAULT_STORAGE: StorageConfiguration = {
  storageType: "SITEWISE_DEFAULT_STORAGE",
  disassociatedDataStorage: "ENABLED",
  warmTier: "DISABLED",
  disallowIngestNullNaN: false,
};

/** The account's one storage configuration; kept in memory, because every write asks for it. */
export class StorageTable {
  private readonly upsert: Statement<[string, number], unknown>;
  private current: { readonly document: StorageConfiguration; readonly updated: number | undefined };

  constructor(store: Store) {
    this.upsert = store.prepare(
      `INSERT INTO storage_configuration VALUES (1, ?, ?)
       ON CONFLICT DO UPDATE SET document = excluded.document, updated = excluded.updated`,
    );
    const row = store
      .prepare<[], { document: string; updated: number }>(
        "SELECT document, updated FROM storage_configuration",
      )
      .get();
    this.current =
      row === undefined
        ? { document: DEFAULT_STORAGE, updated: undefined }
        : { document: JSON.parse(row.document) as StorageConfiguration, updated: row.updated };
  }

  get document(): StorageConfiguration {
    return this.current.document;
  }

  get updated(): number | undefined {
    return this.current.updated;
  }

  put(document: StorageConfiguration, updated: number): void {
    this.upsert.run(JSON.stringify(document), updated);
    this.current = { document, updated };
  }
}

export const SCHEMA_VERSION = 1;

/**
 * Times are ms since the epoch, as REAL; `*_at` are on the wall clock, `created`/`updated` on the scenario clock.
 * A point's key is AWS's overwrite rule: property, time (s + ns), quality. `value` has no type of its own,
 * `kind` says which of AWS's variants it is.
 */
export const SCHEMA = `
CREATE TABLE client_token (
  operation TEXT NOT NULL, token TEXT NOT NULL, request TEXT NOT NULL, response TEXT NOT NULL,
  PRIMARY KEY (operation, token)
) WITHOUT ROWID;
CREATE TABLE asset_model (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, external_id TEXT UNIQUE, description TEXT, version INTEGER NOT NULL,
  properties TEXT NOT NULL, phase TEXT NOT NULL, active_at REAL NOT NULL, created REAL NOT NULL, updated REAL NOT NULL
);
CREATE TABLE asset (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, external_id TEXT UNIQUE, description TEXT,
  model_id TEXT NOT NULL REFERENCES asset_model (id), active_at REAL NOT NULL, created REAL NOT NULL, updated REAL NOT NULL
);
CREATE INDEX asset_of_model ON asset (model_id, id);
CREATE TABLE series (
  id INTEGER PRIMARY KEY, time_series_id TEXT NOT NULL UNIQUE, alias TEXT UNIQUE, data_type TEXT NOT NULL,
  asset_id TEXT REFERENCES asset (id), property_id TEXT, property_kind TEXT, unit TEXT, notification TEXT NOT NULL DEFAULT 'DISABLED',
  created REAL NOT NULL, updated REAL NOT NULL, UNIQUE (asset_id, property_id)
);
CREATE TABLE point (
  series INTEGER NOT NULL REFERENCES series (id), seconds INTEGER NOT NULL, nanos INTEGER NOT NULL, quality INTEGER NOT NULL,
  kind TEXT NOT NULL, value, PRIMARY KEY (series, seconds, nanos, quality)
) WITHOUT ROWID;
CREATE TABLE storage_configuration (only INTEGER PRIMARY KEY CHECK (only = 1), document TEXT NOT NULL, updated REAL NOT NULL);
CREATE TABLE bucket (name TEXT PRIMARY KEY, created_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE object (
  bucket TEXT NOT NULL REFERENCES bucket (name), key TEXT NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
  modified_at REAL NOT NULL, headers TEXT NOT NULL, checksums TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (bucket, key)
);
CREATE TABLE job_definition (
  name TEXT NOT NULL, revision INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (name, revision)
) WITHOUT ROWID;
CREATE TABLE job (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, parent_id TEXT, array_index INTEGER, array_size INTEGER,
  name TEXT NOT NULL, queue TEXT NOT NULL, definition_arn TEXT NOT NULL, spec TEXT NOT NULL, status TEXT NOT NULL,
  status_reason TEXT, attempts TEXT NOT NULL DEFAULT '[]', stop_reason TEXT, stop_kind TEXT,
  created_at REAL NOT NULL, started_at REAL, stopped_at REAL
);
CREATE INDEX job_of_parent ON job (parent_id, array_index);
CREATE INDEX job_in_queue ON job (queue, status, seq);
CREATE TABLE shadow (
  thing TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, deleted INTEGER NOT NULL,
  state TEXT NOT NULL, metadata TEXT NOT NULL, PRIMARY KEY (thing, name)
) WITHOUT ROWID;
CREATE TABLE signing_key (
  alias TEXT PRIMARY KEY, key_id TEXT NOT NULL UNIQUE, private_key BLOB NOT NULL, created_at REAL NOT NULL
) WITHOUT ROWID;
`;

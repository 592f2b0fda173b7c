import type { Statement, Store } from "../sqlite-store.ts";

export interface JobDefinition {
  readonly name: string;
  readonly revision: number;
  /** The registration request, as it came. */
  readonly document: Readonly<Record<string, unknown>>;
}

interface Row {
  readonly name: string;
  readonly revision: number;
  readonly document: string;
}

const definitionOf = (row: Row): JobDefinition => ({
  ...row,
  document: JSON.parse(row.document) as JobDefinition["document"],
});

export class DefinitionTable {
  private readonly insert: Statement<[string, number, string], unknown>;
  private readonly latest: Statement<[string], Row>;
  private readonly exact: Statement<[string, number], Row>;
  private readonly page: Statement<[string | null], Row>;

  constructor(store: Store) {
    this.insert = store.prepare("INSERT INTO job_definition VALUES (?, ?, ?)");
    this.latest = store.prepare("SELECT * FROM job_definition WHERE name = ? ORDER BY revision DESC LIMIT 1");
    this.exact = store.prepare("SELECT * FROM job_definition WHERE name = ? AND revision = ?");
    this.page = store.prepare(
      "SELECT * FROM job_definition WHERE name = COALESCE(?, name) ORDER BY name, revision DESC",
    );
  }

  /** Each registration is a new revision. */
  add(name: string, document: JobDefinition["document"]): JobDefinition {
    const revision = (this.latest.get(name)?.revision ?? 0) + 1;
    this.insert.run(name, revision, JSON.stringify(document));
    return { name, revision, document };
  }

  /** By `name` (its newest revision), `name:revision`, or an ARN of either. */
  find(reference: string): JobDefinition | undefined {
    const [name = "", revision] = reference.replace(/^arn:.*:job-definition\//, "").split(":");
    const row = revision === undefined ? this.latest.get(name) : this.exact.get(name, Number(revision));
    return row === undefined ? undefined : definitionOf(row);
  }

  list(name: string | undefined): JobDefinition[] {
    return this.page.all(name ?? null).map(definitionOf);
  }
}

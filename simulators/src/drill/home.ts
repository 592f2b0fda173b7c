import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root: this file runs as simulators/dist/drill/home.js. */
export const ROOT: string = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
export const entry = (script: string): string => path.join(ROOT, script);

/** Secrets of one scenario: random, in files that only their owner reads, gone with the folder. */
export interface Secrets {
  readonly sensor: string;
  readonly agent: string;
  readonly thing: string;
  readonly ingest: string;
  readonly health: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const makeSecrets = (): Secrets => {
  const secret = (): string => randomBytes(18).toString("base64url");
  return {
    sensor: secret(),
    agent: secret(),
    thing: secret(),
    ingest: secret(),
    health: secret(),
    accessKeyId: `AKIA${randomBytes(8).toString("hex").toUpperCase()}`,
    secretAccessKey: secret() + secret(),
  };
};

/** A scenario's folder: configurations, secrets, logs and every process's own state. */
export class Home {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    for (const name of ["box", "agent", "logs", "secrets"])
      mkdirSync(path.join(folder, name), { recursive: true });
  }

  path(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  log(name: string): string {
    return this.path("logs", `${name}.ndjson`);
  }

  json(name: string, value: object): string {
    const file = this.path(name);
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    return file;
  }

  secret(name: string, value: string): string {
    const file = this.path("secrets", name);
    writeFileSync(file, value, { mode: 0o600 });
    return file;
  }
}

/** What the drill needs of the agent's `/healthz`. */
export interface AgentVitals {
  readonly idle: boolean;
  readonly committed: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly sealedSequence: number;
  readonly ackedSequence: number;
  readonly seenVersion: number;
  readonly set: number;
  readonly apply: {
    readonly state: string;
    readonly version: number | null;
    readonly queue: number;
    readonly highest: number | null;
  };
  readonly source: { readonly connected: boolean };
  readonly uplink: { readonly connected: boolean };
  readonly journal: number;
  readonly meanNis: number | null;
}

/** The agent's own door, knocked at with its token. */
export class AgentHealth {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** `undefined` while nobody answers: the agent may just be dead. */
  async read(): Promise<AgentVitals | undefined> {
    return (await this.#ask("GET", "/healthz")) as AgentVitals | undefined;
  }

  /** Seals what the journal holds, so that it travels. */
  async seal(): Promise<void> {
    await this.#ask("POST", "/seal");
  }

  async #ask(method: string, path: string): Promise<unknown> {
    try {
      const response = await fetch(`${this.#url}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}` },
        signal: AbortSignal.timeout(5_000),
      });
      return response.ok ? ((await response.json()) as unknown) : undefined;
    } catch {
      return undefined;
    }
  }
}

import { timingSafeEqual } from "node:crypto";
import * as http from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = {
  readonly status: number;
  readonly type: "application/json" | "text/plain; version=0.0.4";
  readonly body: string;
};
/** `"GET /healthz"` → what answers it. */
export type Routes = Readonly<Record<string, (query: URLSearchParams) => Answer | Promise<Answer>>>;

export const json = (value: unknown, status = 200): Answer => ({
  status,
  type: "application/json",
  body: `${JSON.stringify(value)}\n`,
});

/**
 * The agent's own door: loopback by default, and a bearer token even there, because any process of the machine may knock.
 */
export class HealthServer {
  readonly #server: http.Server;
  readonly #routes: Routes;
  readonly #token: Buffer;

  constructor(routes: Routes, token: string) {
    this.#routes = routes;
    this.#token = Buffer.from(token);
    this.#server = http.createServer({ requestTimeout: 5_000, maxHeaderSize: 8_192 }, (request, response) => {
      this.#answer(request).then(
        (answer) => send(response, answer),
        () => send(response, json({ error: "the agent could not answer", hint: "see its log" }, 500)),
      );
    });
  }

  async #answer(request: http.IncomingMessage): Promise<Answer> {
    request.resume(); // a body means nothing here
    if (!this.#isAllowed(request.headers.authorization))
      return json(
        {
          error: "missing or wrong bearer token",
          hint: "send Authorization: Bearer <content of health.tokenFile>",
        },
        401,
      );
    const url = new URL(request.url ?? "/", "http://agent");
    const route = this.#routes[`${request.method ?? "GET"} ${url.pathname}`];
    if (!route)
      return json(
        {
          error: `nothing at ${request.method} ${url.pathname}`,
          hint: `there is ${Object.keys(this.#routes).join(", ")}`,
        },
        404,
      );
    return route(url.searchParams);
  }

  #isAllowed(header: string | undefined): boolean {
    const given = Buffer.from(/^Bearer (.+)$/.exec(header ?? "")?.[1] ?? "");
    return given.length === this.#token.length && timingSafeEqual(given, this.#token);
  }

  /** Resolves to the port. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function send(response: http.ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
  });
  response.end(body);
}

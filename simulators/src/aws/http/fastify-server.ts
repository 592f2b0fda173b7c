import type { AddressInfo } from "node:net";
import { TwinError } from "@plumbline/twin/errors";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { Answer } from "./service.ts";

export interface RawRequest {
  readonly method: string;
  /** Path and query as on the wire. */
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * One listener for every service. Fastify reads and bounds the body and keeps the connections; paths are
 * routed by the services themselves, because S3 keys and signatures need them exactly as they came.
 * @throws {TwinError} BOX_PORT when the port cannot be opened.
 */
export async function listen(
  {
    host,
    port,
    maxBodyBytes,
  }: { readonly host: string; readonly port: number; readonly maxBodyBytes: number },
  answer: (request: RawRequest) => Promise<Answer>,
): Promise<HttpServer> {
  const app = fastify({ bodyLimit: maxBodyBytes, keepAliveTimeout: 30_000, exposeHeadRoutes: false });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  // The catch-all: a route would decode the path, and refuse what S3 allows in a key.
  app.setNotFoundHandler(async (request, reply) => send(reply, await answer(rawOf(request))));
  answerOversize(app);
  await app.listen({ host, port }).catch((cause: unknown) => {
    const hint = "stop the program that holds the port, or configure httpPort 0 for a free one";
    throw new TwinError("BOX_PORT", `the box cannot listen on ${host}:${port}: ${String(cause)}`, hint, {
      cause,
    });
  });
  const address = app.server.address() as AddressInfo;
  return {
    port: address.port,
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

/** Bodies that fastify itself refuses (too long) still get an answer that an SDK can read. */
function answerOversize(app: FastifyInstance): void {
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    const code =
      status === 413
        ? "RequestEntityTooLargeException"
        : status < 500
          ? "InvalidRequestException"
          : "InternalFailureException";
    return send(reply, {
      status,
      headers: { "content-type": "application/json", "x-amzn-errortype": code },
      body: JSON.stringify({ message: error.message }),
    });
  });
}

function rawOf(request: FastifyRequest): RawRequest {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.raw.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(",") : value);
  return {
    method: request.raw.method ?? "GET",
    url: request.raw.url ?? "/",
    headers,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
  };
}

function send(reply: FastifyReply, { status, headers = {}, body }: Answer): FastifyReply {
  void reply.code(status).headers(headers);
  // A HEAD answer states the length of a body that it does not have: only the raw response can say so.
  if (body !== undefined) return reply.send(body);
  return reply.send();
}

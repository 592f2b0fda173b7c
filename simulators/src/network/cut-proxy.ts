import { connect, createServer, type Server, type Socket } from "node:net";
import { TwinError } from "@plumbline/twin/errors";
import { Lane, type LaneShape } from "./lane.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * pass: a wire · cut: connections are reset, new ones too · black-hole: nothing moves, nothing is told; what was sent
 * waits and goes on afterwards · eat-server: what the server says never arrives, what the client says does.
 */
export type LinkState = "pass" | "cut" | "black-hole" | "eat-server";
export const LINK_STATES: readonly LinkState[] = ["pass", "cut", "black-hole", "eat-server"];

export interface LinkStats {
  readonly state: LinkState;
  readonly latencyMs: number;
  /** 0 = without limit. */
  readonly bytesPerSecond: number;
  readonly connections: number;
  readonly refused: number;
  readonly toServer: number;
  readonly toClient: number;
  readonly eaten: number;
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly up: Lane;
  readonly down: Lane;
}

/** A TCP link between a client and a server that can be made bad on purpose. */
export class CutProxy {
  readonly #listener: Server;
  readonly #target: Address;
  readonly #connections: Set<Connection> = new Set();
  readonly #totals = { refused: 0, toServer: 0, toClient: 0, eaten: 0 };
  #state: LinkState = "pass";
  #latencyMs = 0;
  #bytesPerSecond = 0;
  #port = 0;

  private constructor(target: Address) {
    this.#target = target;
    this.#listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) =>
      this.#accept(client),
    );
  }

  /** @throws {TwinError} PROXY_PORT when the listening port (0 = any) cannot be had. */
  static async start(listen: Address, target: Address): Promise<CutProxy> {
    const proxy = new CutProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#listener.once("error", (cause) => {
        const message = `the proxy cannot listen on ${listen.host}:${listen.port}: ${cause.message}`;
        reject(new TwinError("PROXY_PORT", message, "name a free port, or 0 for any", { cause }));
      });
      proxy.#listener.listen(listen.port, listen.host, resolve);
    });
    const address = proxy.#listener.address();
    if (typeof address === "object" && address !== null) proxy.#port = address.port;
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /**
   * Changes what the link does. A connection of which bytes were eaten is reset when that ends: a stream with a hole in
   * it is nothing that TCP would deliver.
   */
  become(state: LinkState): void {
    this.#state = state;
    for (const connection of this.#connections) {
      if (state === "cut" || (state !== "eat-server" && connection.down.eaten > 0)) reset(connection);
      else this.#regulate(connection);
    }
  }

  /** Delay in each direction, ms. Bytes under way keep the delay they began with. */
  setLatency(latencyMs: number): void {
    this.#latencyMs = latencyMs;
  }

  /** Bytes per second in each direction and connection; 0 lifts the limit. */
  setBandwidth(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  stats(): LinkStats {
    const open = [...this.#connections];
    const sum = (of: (connection: Connection) => number): number =>
      open.reduce((total, connection) => total + of(connection), 0);
    return {
      state: this.#state,
      latencyMs: this.#latencyMs,
      bytesPerSecond: this.#bytesPerSecond,
      connections: open.length,
      refused: this.#totals.refused,
      toServer: this.#totals.toServer + sum(({ up }) => up.carried),
      toClient: this.#totals.toClient + sum(({ down }) => down.carried),
      eaten: this.#totals.eaten + sum(({ down }) => down.eaten),
    };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const connection of this.#connections) reset(connection);
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(client: Socket): void {
    if (this.#state === "cut") {
      this.#totals.refused += 1;
      client.on("error", () => {}).resetAndDestroy();
      return;
    }
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    const connection: Connection = {
      client,
      server,
      up: new Lane(client, server, () => this.#shape("up")),
      down: new Lane(server, client, () => this.#shape("down")),
    };
    this.#connections.add(connection);
    for (const socket of [client, server]) {
      socket.on("error", () => reset(connection));
      socket.on("close", () => this.#forget(connection));
    }
  }

  #shape(direction: "up" | "down"): LaneShape {
    const flow =
      this.#state === "black-hole"
        ? "hold"
        : this.#state === "eat-server" && direction === "down"
          ? "eat"
          : "pass";
    return { flow, latencyMs: this.#latencyMs, bytesPerSecond: this.#bytesPerSecond };
  }

  #regulate({ up, down }: Connection): void {
    up.regulate();
    down.regulate();
  }

  /** One side is gone for good: so is the other, once what it was sent is out. */
  #forget(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    const { client, server, up, down } = connection;
    this.#totals.toServer += up.carried;
    this.#totals.toClient += down.carried;
    this.#totals.eaten += down.eaten;
    client.destroySoon();
    server.destroySoon();
  }
}

function reset({ client, server }: Connection): void {
  for (const socket of [client, server]) if (!socket.destroyed) socket.resetAndDestroy();
}

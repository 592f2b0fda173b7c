import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { CutProxy } from "../../../simulators/src/network/cut-proxy.ts";
import { obeyLink } from "../../../simulators/src/network/link-command.ts";
import { builtEntry } from "../../support/build-workspace.ts";
import { startProcess } from "../../support/line-process.ts";

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const { close } of open.splice(0).reverse()) await close();
});

/** A server that says back what it hears. */
async function echo(): Promise<{ server: Server; port: number; heard: () => string }> {
  let heard = "";
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      heard += bytes.toString();
      socket.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  open.push({ close: () => server.close() });
  return {
    server,
    port: typeof address === "object" && address !== null ? address.port : 0,
    heard: () => heard,
  };
}

async function proxyTo(port: number): Promise<CutProxy> {
  const proxy = await CutProxy.start({ host: "127.0.0.1", port: 0 }, { host: "127.0.0.1", port });
  open.push({ close: () => proxy.close() });
  return proxy;
}

interface Caller {
  readonly socket: Socket;
  readonly got: () => string;
  readonly ended: Promise<string>;
}

async function call(port: number): Promise<Caller> {
  const socket = connect(port, "127.0.0.1");
  let got = "";
  socket.on("data", (bytes) => {
    got += bytes.toString();
  });
  const ended = new Promise<string>((resolve) => {
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    socket.on("close", () => resolve("closed"));
  });
  open.push({ close: () => socket.destroy() });
  await Promise.race([once(socket, "connect"), ended]);
  return { socket, got: () => got, ended };
}

test("a passing link is a wire in both directions", async () => {
  const { port } = await echo();
  const proxy = await proxyTo(port);
  const { socket, got } = await call(proxy.port);
  const text = "x".repeat(1_000_000);
  socket.write(text);
  await expect.poll(() => got().length, { timeout: 5_000 }).toBe(text.length);
  expect(proxy.stats()).toMatchObject({ connections: 1, toServer: 1_000_000, toClient: 1_000_000, eaten: 0 });
  socket.end();
  await expect.poll(() => proxy.stats()).toMatchObject({ connections: 0, toServer: 1_000_000 });
});

test("a cut link resets what is open and what comes, until it passes again", async () => {
  const { port } = await echo();
  const proxy = await proxyTo(port);
  const first = await call(proxy.port);
  proxy.become("cut");
  expect(await first.ended).toBe("ECONNRESET");
  const second = await call(proxy.port);
  expect(await second.ended).toBe("ECONNRESET");
  expect(proxy.stats()).toMatchObject({ connections: 0, refused: 1 });
  proxy.become("pass");
  const third = await call(proxy.port);
  third.socket.write("again");
  await expect.poll(third.got).toBe("again");
});

test("a black hole moves nothing and loses nothing", async () => {
  const { port, heard } = await echo();
  const proxy = await proxyTo(port);
  const { socket, got } = await call(proxy.port);
  socket.write("a");
  await expect.poll(got).toBe("a");
  proxy.become("black-hole");
  socket.write("b");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(heard()).toBe("a");
  proxy.become("pass");
  await expect.poll(got).toBe("ab");
});

test("a link that eats what the server says still carries what the client says, and is reset afterwards", async () => {
  const { port, heard } = await echo();
  const proxy = await proxyTo(port);
  const { socket, got, ended } = await call(proxy.port);
  proxy.become("eat-server");
  socket.write("hello");
  await expect.poll(heard).toBe("hello");
  await expect.poll(() => proxy.stats().eaten).toBe(5);
  expect(got()).toBe("");
  proxy.become("pass");
  expect(await ended).toBe("ECONNRESET");
});

test("latency delays each direction and keeps the order", async () => {
  const { port } = await echo();
  const proxy = await proxyTo(port);
  proxy.setLatency(60);
  const { socket, got } = await call(proxy.port);
  const start = performance.now();
  for (const letter of "abc") socket.write(letter);
  await expect.poll(got, { interval: 5 }).toBe("abc");
  expect(performance.now() - start).toBeGreaterThanOrEqual(118);
});

test("bandwidth bounds what gets through", async () => {
  const { port } = await echo();
  const proxy = await proxyTo(port);
  proxy.setBandwidth(100_000);
  const { socket, got } = await call(proxy.port);
  const start = performance.now();
  socket.write("x".repeat(20_000));
  await expect.poll(() => got().length, { interval: 5, timeout: 5_000 }).toBe(20_000);
  expect(performance.now() - start).toBeGreaterThanOrEqual(199);
});

test("commands are obeyed whole or not at all", async () => {
  const { port } = await echo();
  const proxy = await proxyTo(port);
  expect(obeyLink(proxy, `{"link": "cut", "latencyMs": 5, "bytesPerSecond": 9}`)).toMatchObject({
    state: "cut",
    latencyMs: 5,
    bytesPerSecond: 9,
  });
  for (const bad of [`{"link": "melt", "latencyMs": 7}`, `{"latencyMs": -1}`, `{"speed": 1}`, "cut", "[]"]) {
    expect(obeyLink(proxy, bad)).toMatchObject({ error: { code: "BAD_COMMAND" } });
  }
  expect(proxy.stats()).toMatchObject({ state: "cut", latencyMs: 5 });
});

test("the proxy is a process of its own that obeys lines and ends with its standard input", async () => {
  const { port } = await echo();
  const proxy = startProcess(builtEntry("simulators", "network/cut-proxy-main.js"), [
    "--target",
    `127.0.0.1:${port}`,
  ]);
  open.push({ close: () => proxy.kill() });
  const { port: listening } = await proxy.find(({ event }) => event === "cut-proxy.listening");
  const { socket, got, ended } = await call(listening as number);
  socket.write("x");
  await expect.poll(got).toBe("x");
  expect(await proxy.ask({ link: "cut" }, ({ state }) => state !== undefined)).toMatchObject({
    state: "cut",
    toServer: 1,
  });
  expect(await ended).toBe("ECONNRESET");
  proxy.child.stdin?.end();
  expect(await proxy.exit).toBe(0);
});

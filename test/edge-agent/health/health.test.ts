import { afterEach, expect, test } from "vitest";
import { HealthServer, json } from "../../../edge-agent/src/health/health-server.ts";
import { Latency } from "../../../edge-agent/src/health/latency.ts";
import { metricsText } from "../../../edge-agent/src/health/vitals.ts";
import { configIn, scratch, startInProcess } from "../support/agents.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function serve(): Promise<(route: string, options?: RequestInit) => Promise<Response>> {
  const server = new HealthServer(
    {
      "GET /healthz": () => json({ idle: true }),
      "GET /broken": () => {
        throw new Error("secret detail");
      },
    },
    "let me in",
  );
  const port = await server.listen("127.0.0.1", 0);
  open.push(() => server.close());
  return (route, options) => fetch(`http://127.0.0.1:${port}${route}`, options);
}

test("the bearer token is required even on loopback", async () => {
  const ask = await serve();
  expect((await ask("/healthz")).status).toBe(401);
  expect((await ask("/healthz", { headers: { authorization: "Bearer let me i" } })).status).toBe(401);
  expect((await ask("/nothing")).status).toBe(401);
  const allowed = await ask("/healthz", { headers: { authorization: "Bearer let me in" } });
  expect([allowed.status, await allowed.json()]).toEqual([200, { idle: true }]);
});

test("an unknown route says what there is, and a fault tells no detail", async () => {
  const ask = await serve();
  const headers = { authorization: "Bearer let me in" };
  expect(await (await ask("/nothing", { headers })).json()).toMatchObject({
    hint: expect.stringContaining("GET /healthz"),
  });
  const broken = await ask("/broken", { headers });
  expect([broken.status, await broken.text()]).toEqual([500, expect.not.stringContaining("secret detail")]);
});

test("the metrics are Prometheus text with the numbers of the vitals", async () => {
  const { pipeline } = await startInProcess(configIn(scratch(), 1, 1).config);
  open.push(() => pipeline.stop());
  const text = metricsText(pipeline.vitals(false));
  expect(text).toMatch(
    /^# HELP plumbline_agent_received_total .+\n# TYPE plumbline_agent_received_total counter\nplumbline_agent_received_total\{thing="line-7",instance="main"\} 0\n/,
  );
  expect(text.endsWith("\n")).toBe(true);
});

test("latencies are summed up over the last commits", () => {
  const latency = new Latency();
  for (let index = 1; index <= 2_000; index++) latency.add(index);
  expect(latency.summary()).toEqual({ commits: 2_000, lastMs: 2_000, p50Ms: 1_488, p99Ms: 1_990 });
});

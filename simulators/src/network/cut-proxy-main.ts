import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { TwinError } from "@plumbline/twin/errors";
import { createLog, type Log } from "../pino-log.ts";
import { type Address, CutProxy } from "./cut-proxy.ts";
import { obeyLink } from "./link-command.ts";

/**
 * A bad network in a process of its own.
 *
 *     node simulators/dist/network/cut-proxy-main.js --target 127.0.0.1:1883 [--listen 127.0.0.1:0]
 *
 * Commands on standard input, one JSON object a line, each answered by the link's state and counters: `{"link": "cut"}`
 * (pass, cut, black-hole, eat-server), `{"latencyMs": 50}`, `{"bytesPerSecond": 8000}` (0 = no limit), `{}` to ask only.
 * Ends with its standard input.
 */
async function main(log: Log): Promise<void> {
  const { values } = parseArgs({
    options: { listen: { type: "string", default: "127.0.0.1:0" }, target: { type: "string" } },
  });
  const target = readAddress("--target", values.target ?? "");
  const proxy = await CutProxy.start(readAddress("--listen", values.listen), target);
  log.info({ event: "cut-proxy.listening", port: proxy.port, target: values.target });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(obeyLink(proxy, line))}\n`);
  }
  await proxy.close();
}

function readAddress(option: string, text: string): Address {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host !== undefined && Number(port) < 65_536) return { host, port: Number(port) };
  throw new TwinError(
    "USAGE",
    `${option} ${JSON.stringify(text)} is not an address`,
    `write it as host:port, such as 127.0.0.1:1883`,
  );
}

const log = createLog("cut-proxy");
main(log).then(
  () => process.exit(0),
  (error: unknown) => {
    const { code = "UNEXPECTED", hint } = error as { code?: string; hint?: string };
    log.error({
      event: "cut-proxy.failed",
      code,
      message: error instanceof Error ? error.message : String(error),
      hint,
    });
    process.exit(1);
  },
);

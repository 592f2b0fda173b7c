import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export type JsonLine = Record<string, unknown>;

/** A child process that speaks JSON lines on its standard streams. */
export interface LineProcess {
  readonly child: ChildProcess;
  /** Every line so far. */
  readonly lines: readonly JsonLine[];
  readonly errors: () => string;
  readonly write: (line: object | string) => void;
  /** The first line, past or to come, that fits; rejects if the process ends without it. */
  readonly find: (fits: (line: JsonLine) => boolean) => Promise<JsonLine>;
  /** Sends a line and takes the next line that answers it. */
  readonly ask: (line: object | string, fits: (line: JsonLine) => boolean) => Promise<JsonLine>;
  readonly exit: Promise<number | null>;
  readonly kill: (signal?: NodeJS.Signals) => Promise<number | null>;
}

export function startProcess(
  entry: string,
  args: readonly string[],
  env: Record<string, string> = {},
): LineProcess {
  const child = spawn(process.execPath, [entry, ...args], { stdio: "pipe", env: { ...process.env, ...env } });
  const lines: JsonLine[] = [];
  const waiting = new Set<() => void>();
  let errors = "";
  let ended = false;
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(JSON.parse(line) as JsonLine);
    for (const look of [...waiting]) look();
  });
  const exit = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      ended = true;
      for (const look of [...waiting]) look();
      resolve(code);
    });
  });
  const findFrom = (start: number, fits: (line: JsonLine) => boolean): Promise<JsonLine> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.slice(start).find(fits);
        if (found === undefined && !ended) return;
        waiting.delete(look);
        if (found !== undefined) resolve(found);
        else
          reject(
            new Error(
              `${entry} ended without the line; it said ${JSON.stringify(lines.slice(-3))} ${errors}`,
            ),
          );
      };
      waiting.add(look);
      look();
    });
  const write = (line: object | string): void => {
    child.stdin.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
  };
  return {
    child,
    lines,
    errors: () => errors,
    write,
    find: (fits) => findFrom(0, fits),
    ask: (line, fits) => {
      const start = lines.length;
      write(line);
      return findFrom(start, fits);
    },
    exit,
    kill: (signal = "SIGKILL") => {
      child.kill(signal);
      return exit;
    },
  };
}

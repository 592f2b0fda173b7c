import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export type JsonLine = Record<string, unknown>;
type Fits = (line: JsonLine) => boolean;

/** A child process that speaks JSON lines on its standard streams. */
export interface LineProcess {
  readonly child: ChildProcess;
  /** Every line so far. */
  readonly lines: readonly JsonLine[];
  readonly write: (line: object | string) => void;
  /** The first line, past or to come, that fits; rejects if the process ends without it. */
  readonly find: (fits: Fits) => Promise<JsonLine>;
  /** Sends a line and takes the next line that answers it. */
  readonly ask: (line: object | string, fits: Fits) => Promise<JsonLine>;
  readonly exit: Promise<number | null>;
  readonly kill: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** Lines as they come, and those who wait for one. */
class Lines {
  readonly all: JsonLine[] = [];
  readonly #waiting: Set<() => void> = new Set();
  #ended: string | undefined;

  push(line: JsonLine): void {
    this.all.push(line);
    this.#wake();
  }

  end(last: string): void {
    this.#ended = last;
    this.#wake();
  }

  find(start: number, fits: Fits): Promise<JsonLine> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.all.slice(start).find(fits);
        if (found === undefined && this.#ended === undefined) return;
        this.#waiting.delete(look);
        if (found !== undefined) resolve(found);
        else
          reject(
            new Error(
              `the process ended without the line; it said ${JSON.stringify(this.all.slice(-3))} ${this.#ended}`,
            ),
          );
      };
      this.#waiting.add(look);
      look();
    });
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}

export function startProcess(
  entry: string,
  args: readonly string[],
  env: Record<string, string> = {},
): LineProcess {
  const child = spawn(process.execPath, [entry, ...args], { stdio: "pipe", env: { ...process.env, ...env } });
  const lines = new Lines();
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line) as JsonLine));
  const exit = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      lines.end(errors);
      resolve(code);
    });
  });
  const write = (line: object | string): void => {
    child.stdin.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
  };
  return {
    child,
    lines: lines.all,
    write,
    find: (fits) => lines.find(0, fits),
    ask: (line, fits) => {
      const start = lines.all.length;
      write(line);
      return lines.find(start, fits);
    },
    exit,
    kill: (signal = "SIGKILL") => {
      child.kill(signal);
      return exit;
    },
  };
}

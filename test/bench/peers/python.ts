import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { createInterface, type Interface } from "node:readline";

/** Debian's own, which sees Debian's packages, then what the PATH has. */
export const PYTHONS: readonly string[] = ["/usr/bin/python3", "python3"];

const FINDS =
  "import importlib.util as u, sys; print(*[m for m in sys.argv[1:] if u.find_spec(m) is None]); sys.exit(0)";

/** A Python that has the modules, or what each lacks. */
export function findPython(
  modules: readonly string[],
  pythons: readonly string[] = PYTHONS,
): { readonly python: string } | { readonly lacking: string } {
  const lacking: string[] = [];
  for (const python of pythons) {
    const { status, stdout } = spawnSync(python, ["-c", FINDS, ...modules], { encoding: "utf8" });
    if (status !== 0) lacking.push(`no ${python}`);
    else if (stdout.trim() === "") return { python };
    else lacking.push(`${python} lacks ${stdout.trim().split(" ").join(", ")}`);
  }
  return { lacking: lacking.join("; ") };
}

export interface Timing {
  /** Median of one run. */
  readonly millis: number;
  readonly answer: ArrayLike<number>;
}

/** Python ended before it answered: its last words. */
export class PythonEnded extends Error {}

/** A task in Python, kept waiting between the rounds: one thread, nothing written beside the scripts. */
export class PythonTask {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #errors = "";

  constructor(python: string, script: string, task: string, input: unknown) {
    const file = path.resolve("test/bench/peers", script);
    const threads = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
    this.#child = spawn(python, [file, task], {
      env: { ...process.env, ...threads, PYTHONDONTWRITEBYTECODE: "1" },
    });
    // What cannot start or listen ends, and is told at the next question.
    this.#child.on("error", (error) => {
      this.#errors += error.message;
    });
    this.#child.stdin?.on("error", () => undefined);
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#errors += text.toString();
    });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    this.#say(JSON.stringify(input));
  }

  /** Runs for about so many ms. @throws {PythonEnded} */
  async time(budget: number): Promise<Timing> {
    const answered = new Promise<string>((resolve, reject) => {
      this.#lines.once("line", resolve);
      this.#child.once("close", () =>
        reject(new PythonEnded(`Python ended: ${this.#errors.trim().split("\n").at(-1)}`)),
      );
    });
    this.#say(String(budget));
    const line = await answered;
    this.#child.removeAllListeners("close");
    return JSON.parse(line) as Timing;
  }

  end(): void {
    this.#lines.close();
    this.#child.kill();
  }

  #say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }
}

// A job for the tests of Batch: says who it is, then does what its first argument says.
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";

const [what, ...rest] = process.argv.slice(2);
const {
  AWS_BATCH_JOB_ID: id,
  AWS_BATCH_JOB_ATTEMPT: attempt,
  AWS_BATCH_JOB_ARRAY_INDEX: index,
  WHERE: where,
} = process.env;
console.log(
  JSON.stringify({
    id,
    attempt,
    index,
    rest,
    env: Object.keys(process.env).sort(),
    mode: process.env.MODE,
    guard: process.ppid,
  }),
);
const wait = () => setInterval(() => undefined, 1_000);

switch (what) {
  case "exit":
    process.exit(Number(rest[0]));
    break;
  case "fail-first":
    process.exit(attempt === "1" ? 3 : 0);
    break;
  case "odd-fails":
    process.exit(Number(index) % 2);
    break;
  case "wait":
    appendFileSync(where, `${process.pid}\n`);
    wait();
    break;
  case "stubborn":
    process.on("SIGTERM", () => undefined);
    appendFileSync(where, `${process.pid}\n`);
    wait();
    break;
  case "family":
    // Leaves a process behind that would outlive it.
    writeFileSync(
      where,
      String(spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"], { stdio: "ignore" }).pid),
    );
    process.exit(0);
    break;
  case "until": {
    // Waits until the file it is given exists.
    if (!existsSync(where)) writeFileSync(`${where}.started.${index ?? 0}`, String(process.pid));
    const timer = setInterval(() => {
      if (!existsSync(where)) return;
      clearInterval(timer);
    }, 10);
    break;
  }
  default:
    process.exit(9);
}

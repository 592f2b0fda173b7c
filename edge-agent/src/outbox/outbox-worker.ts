import { parentPort, workerData } from "node:worker_threads";
import { TwinError } from "@plumbline/twin/errors";
import { OutboxKeeper } from "./outbox-keeper.ts";
import type { Call, Failure, Request, Response, WorkerData } from "./worker-protocol.ts";

/** The thread that owns the SQLite file: an fsync of 100 ms must not stop the agent's sockets. */
const { file, limits } = workerData as WorkerData;
const keeper = new OutboxKeeper(file, limits);

function answer(call: Call): unknown {
  switch (call.name) {
    case "open":
      return keeper.open();
    case "append":
      return keeper.append(...call.args);
    case "take":
      return keeper.take(...call.args);
    case "acknowledge":
      return keeper.acknowledge(...call.args);
    case "salvaged":
      return keeper.salvaged();
    case "salvageDone":
      return keeper.salvageDone();
    case "close":
      return keeper.close();
    default:
      return call satisfies never;
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof TwinError)
    return { code: error.code, message: error.message, hint: error.hint, retry: error.retry };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    code: "OUTBOX_FAULT",
    message,
    hint: "this is a fault of the agent: keep the outbox file and report it",
    retry: "never",
  };
}

parentPort?.on("message", ({ id, call }: Request) => {
  let response: Response;
  try {
    response = { id, ok: true, value: answer(call) };
  } catch (error) {
    response = { id, ok: false, failure: failureOf(error) };
  }
  parentPort?.postMessage(response);
});

import { TwinError } from "@plumbline/twin/errors";
import type { AgentConfig } from "../config.ts";
import { knock } from "../health/door.ts";
import { lockWriter, openFile } from "../outbox/sqlite-file.ts";
import { Statements } from "../outbox/sqlite-statements.ts";
import { readSecret } from "../secret.ts";

export interface HandOutcome {
  readonly done: boolean;
  readonly detail: string;
}

/** Tells the running agent; or, when none runs, leaves the word in the outbox for the next start. */
export async function byHand(config: AgentConfig, action: "revert" | "resume"): Promise<HandOutcome> {
  const token = readSecret(config.health.tokenFile, "health token");
  const answer = await knock(config.stateDir, token, "POST", `/${action}`);
  if (answer) {
    if (answer.status === 401)
      throw new TwinError(
        "WRONG_TOKEN",
        "the running agent does not know this token",
        "use the configuration that the agent runs with",
      );
    return answer.body as HandOutcome;
  }
  const unlock = lockWriter(config.outbox.path);
  try {
    const db = openFile(config.outbox.path, config.outbox.capBytes);
    new Statements(db).command(action);
    db.close();
    return { done: true, detail: `no agent is running; ${action} is carried out when it starts` };
  } finally {
    unlock();
  }
}

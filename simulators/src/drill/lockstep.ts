import { setTimeout as sleep } from "node:timers/promises";
import { TwinError } from "@plumbline/twin/errors";
import type { AgentVitals } from "./agent-health.ts";
import type { Cast } from "./cast.ts";
import type { Line } from "./child.ts";
import { THING } from "./costumes.ts";

const ANSWER_MS = 120_000;
const POLL_MS = 2;
const LOOKS = 5;

interface Ticked {
  readonly published: Readonly<Record<string, number>>;
  readonly nextDue: number | null;
}

/**
 * Advances a scenario one row at a time: the next row goes out when agent, ingest, planner, jobs and apply are idle. So
 * nothing in the outcome depends on the speed of the machine.
 */
export class Lockstep {
  readonly #cast: Cast;
  #readings = 0;
  #acked = 0;
  #due = Number.NEGATIVE_INFINITY;

  constructor(cast: Cast) {
    this.#cast = cast;
  }

  /** Publishes one row and waits until all that it causes has happened; gives its event time. */
  async row(index: number): Promise<number> {
    const answer = await this.#cast
      .child("plant")
      .ask({ publish: index }, (line) => "published" in line || "error" in line, ANSWER_MS);
    if ("error" in answer)
      throw new TwinError(
        "ROW_FAILED",
        `row ${index} could not be published: ${JSON.stringify(answer["error"])}`,
        `read ${this.#cast.home.log("plant")}`,
      );
    this.#readings += Number(answer["readings"]);
    const t = Number(answer["t"]);
    await this.#settle(t);
    return t;
  }

  /** Seals what is left and waits for its acknowledgement. */
  async flush(): Promise<void> {
    await this.#cast.health.seal();
    await this.#until(
      ({ idle, journal, sealedSequence, ackedSequence }) =>
        idle && journal === 0 && ackedSequence === sealedSequence,
    );
  }

  async #settle(now: number): Promise<void> {
    const vitals = await this.#until(
      (now) =>
        now.idle &&
        now.committed + now.duplicate + now.rejected >= this.#readings &&
        now.ackedSequence === now.sealedSequence,
    );
    if (vitals.ackedSequence === this.#acked && now < this.#due) return;
    this.#acked = vitals.ackedSequence;
    const { published, nextDue } = await this.#tick();
    this.#due = nextDue ?? Number.POSITIVE_INFINITY;
    const newest = published[THING] ?? 0;
    const after = await this.#until(
      (now) => now.idle && now.seenVersion >= newest && now.ackedSequence === now.sealedSequence,
    );
    this.#acked = after.ackedSequence;
  }

  /** A look that failed is made again: the planner changed nothing. */
  async #tick(): Promise<Ticked> {
    let answer: Line = {};
    for (let look = 0; look < LOOKS; look++) {
      answer = await this.#cast
        .child("planner")
        .ask({ tick: true, wait: true }, (line) => "nextDue" in line || "error" in line, ANSWER_MS);
      if ("nextDue" in answer) return answer as unknown as Ticked;
    }
    throw new TwinError(
      "PLANNER_FAILED",
      `the planner's look failed ${LOOKS} times: ${JSON.stringify(answer["error"])}`,
      `read ${this.#cast.home.log("planner")}`,
    );
  }

  async #until(holds: (vitals: AgentVitals) => boolean): Promise<AgentVitals> {
    const deadline = Date.now() + ANSWER_MS;
    for (;;) {
      const vitals = await this.#cast.health.read();
      if (vitals !== undefined && holds(vitals)) return vitals;
      if (Date.now() > deadline)
        throw new TwinError(
          "NOT_IDLE",
          `the loop did not settle within ${ANSWER_MS} ms: ${JSON.stringify(vitals)}`,
          `read the logs in ${this.#cast.home.path("logs")}`,
        );
      await sleep(POLL_MS);
    }
  }
}

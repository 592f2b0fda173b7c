import type { Line } from "./child.ts";

const DAY = 86_400_000;

/** Turns what the processes say into the lines of the story; silent about what the reader need not know. */
export class Story {
  readonly #origin: number;
  readonly #say: (line: string) => void;
  /** The first alarm that no commit has answered yet. */
  #alarm: string | undefined;
  #alarmedAt: number | undefined;
  #recovering = false;

  constructor(origin: number, say: (line: string) => void) {
    this.#origin = origin;
    this.#say = say;
  }

  tell(text: string, at?: number): void {
    const day = at === undefined ? "        " : `day ${((at - this.#origin) / DAY).toFixed(1).padStart(4)}`;
    this.#say(`${day}  ${text}`);
  }

  /** A line that some process printed. */
  heard(process: string, line: Line): void {
    const event = String(line["event"] ?? "");
    if (process === "plant" && event === "plant.day") this.#day(line);
    else if (process === "agent") this.#agent(event, line);
    else if (process === "planner" && event === "planner.finished" && line["verdict"] !== "accept")
      this.tell(`cloud     recalibration ended: ${String(line["verdict"] ?? line["state"])}`);
  }

  #day(line: Line): void {
    const day = Number(line["day"]);
    const { b3 = 0, b9 = 0 } = line["truth"] as Record<string, number>;
    if (day % 5 === 0)
      this.tell(
        `plant     ${Number(line["readings"]).toLocaleString("en-US")} readings published; true drags b3 ${b3.toFixed(4)}, b9 ${b9.toFixed(4)}`,
        this.#origin + day * DAY,
      );
  }

  #agent(event: string, line: Line): void {
    switch (event) {
      case "agent.started":
        if (this.#recovering)
          this.tell(
            `agent     back: ${Number(line["replayed"]).toLocaleString("en-US")} readings replayed from its journal, set ${String(line["set"])} in force`,
          );
        this.#recovering = true;
        return;
      case "alarm.raised":
        this.#alarm ??= `residual alarm on chart ${String(line["chart"])}, CUSUM ${Number(line["statistic"]).toFixed(1)}`;
        this.#alarmedAt ??= Number(line["at"]);
        return;
      case "parameters.committed":
        this.tell(
          `loop      ${this.#alarm ?? "on schedule"} → recalibrated → set ${String(line["version"])} tried and committed`,
          this.#alarmedAt,
        );
        this.#alarm = undefined;
        this.#alarmedAt = undefined;
        return;
      case "parameters.reverted":
      case "parameters.refused":
        this.tell(
          `loop      set ${String(line["version"])} ${event.slice("parameters.".length)}: ${String(line["reason"])}`,
        );
        return;
      default:
        return;
    }
  }
}

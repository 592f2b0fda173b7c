import type { Line } from "./child.ts";

const DAY = 86_400_000;

/** Turns what the processes say into the lines of the story; silent about what the reader need not know. */
export class Story {
  readonly #origin: number;
  readonly #say: (line: string) => void;
  #alarmedUnder = -1;
  #set = 0;
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
    else if (process === "planner" && event === "planner.finished") this.tell(`cloud     recalibration ended: ${String(line["verdict"] ?? line["state"])}`);
  }

  #day(line: Line): void {
    const day = Number(line["day"]);
    const { b3 = 0, b9 = 0 } = line["truth"] as Record<string, number>;
    if (day % 5 === 0 || day === 14) this.tell(`plant     ${Number(line["readings"]).toLocaleString("en-US")} readings published; true drags b3 ${b3.toFixed(4)}, b9 ${b9.toFixed(4)}`, this.#origin + day * DAY);
  }

  #agent(event: string, line: Line): void {
    switch (event) {
      case "agent.started":
        if (this.#recovering) this.tell(`agent     back: ${Number(line["replayed"]).toLocaleString("en-US")} readings replayed from its journal, set ${String(line["set"])} in force`);
        this.#recovering = true;
        return;
      case "alarm.raised":
        if (this.#alarmedUnder === this.#set) return;
        this.#alarmedUnder = this.#set;
        return this.tell(`agent     residual alarm on chart ${String(line["chart"])}, CUSUM ${Number(line["statistic"]).toFixed(1)}`, Number(line["at"]));
      case "parameters.trial":
        return this.tell(`agent     set ${String(line["version"])} on trial beside set ${String(line["incumbent"])}`);
      case "parameters.committed":
        this.#set = Number(line["version"]);
        return this.tell(`agent     set ${this.#set} committed: ${String(line["reason"])}`);
      case "parameters.reverted":
      case "parameters.refused":
        return this.tell(`agent     set ${String(line["version"])} ${event.slice("parameters.".length)}: ${String(line["reason"])}`);
      default:
        return;
    }
  }
}

import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { Reading } from "@plumbline/twin/contract/reading";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { TwinError } from "@plumbline/twin/errors";
import { type Observation, Observer } from "@plumbline/twin/estimation/observer";

/** Readings in the NIS window that the heartbeat reports: about one frame of a 21-signal machine. */
const NIS_WINDOW = 1_024;

/** Holds the twin's observer, and watches the innovations of its pre-filters. Every reading is shown to it: it fuses none that is BAD. */
export class Filter {
  readonly #definition: TwinDefinition;
  #observer: Observer;
  #fused = 0;
  #nis = 0;

  private constructor(definition: TwinDefinition, observer: Observer) {
    this.#definition = definition;
    this.#observer = observer;
  }

  static start(definition: TwinDefinition, set: ParameterSet): Filter {
    return new Filter(definition, Observer.start(definition, set));
  }

  /** `relearned`: the snapshot belonged to another definition, so the pre-filters start anew; no reading is lost by it. */
  static resume(
    definition: TwinDefinition,
    set: ParameterSet,
    snapshot: string,
  ): { filter: Filter; relearned: boolean } {
    try {
      return {
        filter: new Filter(definition, Observer.restore(definition, set, snapshot)),
        relearned: false,
      };
    } catch (error) {
      if (!(error instanceof TwinError) || error.code !== "BAD_SNAPSHOT") throw error;
      return { filter: Filter.start(definition, set), relearned: true };
    }
  }

  observe(reading: Reading): Observation {
    const observation = this.#observer.observe(reading);
    if (observation.filtered) {
      this.#fused++;
      this.#nis += (observation.filtered.nis - this.#nis) / Math.min(this.#fused, NIS_WINDOW);
    }
    return observation;
  }

  install(set: ParameterSet): void {
    this.#observer.install(set);
  }
  snapshot(): string {
    return this.#observer.snapshot();
  }
  /** Mean NIS over the last readings; 1 is consistent. `undefined` before the first. */
  get meanNis(): number | undefined {
    return this.#fused === 0 ? undefined : this.#nis;
  }

  /** The snapshot after `readings` have been observed from `snapshot`: where a frame is split. */
  advance(set: ParameterSet, snapshot: string, readings: readonly Reading[]): string {
    const observer = Observer.restore(this.#definition, set, snapshot);
    for (const reading of readings) observer.observe(reading);
    return observer.snapshot();
  }
}

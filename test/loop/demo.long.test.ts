import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Cast } from "../../simulators/src/drill/cast.ts";
import { demo, THIRTY_DAYS } from "../../simulators/src/drill/demo.ts";
import { seeded } from "../support/random.ts";

const SECONDS = 120;
const VICTIMS = ["agent", "ingest", "planner", "box"];

describe("the demo, whole", () => {
  test.each([41, 42])(
    "with seed %i closes its loop while processes are killed at random times",
    async (seed) => {
      const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-test-demo-"));
      const dice = seeded(seed);
      let over = false;
      const disturb = async (cast: Cast): Promise<void> => {
        while (!over) {
          await sleep(2_000 + 6_000 * dice.uniform());
          if (!over) cast.child(VICTIMS[dice.whole(0, VICTIMS.length - 1)] ?? "agent").kill();
        }
      };
      const board = await demo({
        folder,
        seed,
        plot: THIRTY_DAYS,
        seconds: SECONDS,
        say: () => undefined,
        meet: (cast) => void disturb(cast),
      });
      over = true;
      rmSync(folder, { recursive: true, force: true });
      expect(board).toMatchObject({ loopClosed: true, falseAlarms: 0, readings: { lost: 0, duplicated: 0 } });
      expect(Object.values(board.restarts).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10);
      for (const { truth, lower90, upper90, lower99, upper99 } of Object.values(board.parameters)) {
        expect(upper90 - lower90).toBeLessThan(0.03);
        expect(lower99).toBeLessThanOrEqual(truth);
        expect(upper99).toBeGreaterThanOrEqual(truth);
      }
    },
    600_000,
  );
});

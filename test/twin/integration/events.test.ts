import type { OdeEvent } from "@plumbline/twin/integration/events";
import { integrate } from "@plumbline/twin/integration/integrate";
import type { OdeSystem } from "@plumbline/twin/integration/system";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

const falling: OdeSystem = {
  size: 2,
  derivative: (_, x, out) => {
    out[0] = x[1]!;
    out[1] = -10;
  },
};
const bounce = (restitution: number): OdeEvent => ({
  id: "bounce",
  direction: "falling",
  value: (_, x) => x[0]!,
  change: (_, x) => {
    x[0] = 0;
    x[1] = -restitution * x[1]!;
  },
});

describe("events", () => {
  test("a ball bounces when physics says so", () => {
    // Dropped from 5 m with g = 10: the floor after 1 s, then flights of 2e, 2e², … s with e = 1/2.
    const { events, states } = integrate(falling, {
      start: 0,
      initial: [5, 0],
      times: [0.5, 1.5, 2.6],
      relativeTolerance: 1e-10,
      events: [bounce(0.5)],
    });
    expect(events.map(({ time }) => time)).toEqual([
      expect.closeTo(1, 12),
      expect.closeTo(2, 12),
      expect.closeTo(2.5, 12),
    ]);
    expect([0, 1, 2].map((row) => states.get(row, 0))).toEqual([
      expect.closeTo(3.75, 10),
      expect.closeTo(1.25, 10),
      expect.closeTo(0.075, 10),
    ]);
    expect(events[0]?.before[1]).toBeCloseTo(-10, 10);
    expect(events[0]?.after[1]).toBeCloseTo(5, 10);
  });

  test("flights without end are a failure, not a hang", () => {
    const endless = () =>
      integrate(falling, { start: 0, initial: [5, 0], times: [9], events: [bounce(0.5)], maxEvents: 30 });
    expect(refusal(endless)).toMatchObject({
      code: "INTEGRATION_FAILED",
      message: expect.stringMatching(/^too-many-events at time 2\.99/),
    });
  });

  // From 1 m: the flights 2e, 2e², … of √0.2 s end after √0.2 (1 + e)/(1 − e); behind that there is no number to give.
  test.each([
    [0, {}],
    [0.5, {}],
    [0.5, { maxStep: 1e-3 }],
    [0.5, { method: "stiff" }],
    [0.7, {}],
    [0.9, { initialStep: 0.1 }],
  ] as const)("nothing falls through the floor: restitution %d, %j", (restitution, options) => {
    const comesToRest = (Math.sqrt(0.2) * (1 + restitution)) / (1 - restitution);
    const drop = (last: number, change: Partial<OdeEvent> = {}) =>
      integrate(falling, {
        start: 0,
        initial: [1, 0],
        times: Array.from({ length: 200 }, (_, index) => ((index + 1) / 200) * last),
        events: [{ ...bounce(restitution), ...change }],
        ...options,
      });
    const { states } = drop(0.999 * comesToRest);
    expect(Math.min(...Array.from({ length: 200 }, (_, row) => states.get(row, 0)))).toBeGreaterThan(-1e-9);
    const endless = expect.stringMatching(/^too-many-events at time \d/);
    expect(refusal(() => drop(10))).toMatchObject({ code: "INTEGRATION_FAILED", message: endless });
    // The same when the place is left where the crossing was found, a few bits below the floor.
    const onlyTurned = (_: number, x: Float64Array) => {
      x[1] = -restitution * x[1]!;
    };
    expect(refusal(() => drop(10, { change: onlyTurned })).message).toEqual(endless);
  });

  test("a flight from the floor that ends within the first step is seen", () => {
    const { events } = integrate(falling, {
      start: 0,
      initial: [0, 1],
      times: [0.3],
      initialStep: 0.3,
      events: [{ ...bounce(1), change: (_, x) => void x.fill(0), ends: true }],
    });
    expect(events.map(({ time }) => time)).toEqual([expect.closeTo(0.2, 12)]);
  });

  test("a value that jumps over zero is on the other side, whatever its rate", () => {
    let switched = 0;
    const { events } = integrate(falling, {
      start: 0,
      initial: [1, 0],
      times: [1],
      events: [{ id: "below", value: (_, x) => (x[0]! > 0.5 ? 1 : -1), change: () => void switched++ }],
    });
    expect(events.map(({ time }) => time)).toEqual([expect.closeTo(Math.sqrt(0.1), 6)]);
    expect(switched).toBe(1);
  });

  test("a thermostat switches what the derivative reads", () => {
    let heating = true;
    const room: OdeSystem = {
      size: 1,
      derivative: (_, x, out) => {
        out[0] = (heating ? 30 : 10) - x[0]!;
      },
    };
    const turn = (id: string, limit: number, direction: "rising" | "falling", on: boolean): OdeEvent => ({
      id,
      direction,
      value: (_, x) => x[0]! - limit,
      change: () => {
        heating = on;
      },
    });
    const { events } = integrate(room, {
      start: 0,
      initial: [20],
      times: [2],
      relativeTolerance: 1e-11,
      events: [turn("off", 22, "rising", false), turn("on", 20, "falling", true)],
    });
    // Rise from 20 to 22 towards 30: ln(10/8); fall from 22 to 20 towards 10: ln(12/10).
    const expected: number[] = [];
    for (
      let time = Math.log(10 / 8);
      time < 2;
      time += Math.log(expected.length % 2 === 1 ? 12 / 10 : 10 / 8)
    )
      expected.push(time);
    expect(events.map(({ id }) => id)).toEqual(expected.map((_, index) => (index % 2 === 0 ? "off" : "on")));
    expect(events.map(({ time }) => time)).toEqual(expected.map((time) => expect.closeTo(time, 8)));
  });

  test.each(["explicit", "stiff"] as const)(
    "a clock is found to the last bits, %s, and the run may end there",
    (method) => {
      const { events, endedBy, times, states } = integrate(falling, {
        start: 0,
        initial: [0, 0],
        times: [0.25, 0.5, 0.75],
        method,
        events: [{ id: "half", value: (t) => t - 0.5, ends: true }],
      });
      expect(endedBy).toBe("half");
      expect(events[0]?.time).toBeCloseTo(0.5, 14);
      expect([...times]).toEqual(events[0]?.time === 0.5 ? [0.25, 0.5] : [0.25]);
      expect(states.rows).toBe(times.length);
    },
  );

  test("crossings without consequence are told and change nothing, in the order of time", () => {
    const swing: OdeSystem = {
      size: 2,
      derivative: (_, x, out) => {
        out[0] = x[1]!;
        out[1] = -x[0]!;
      },
    };
    const options = {
      start: 0,
      initial: [0, 1],
      times: [10],
      relativeTolerance: 1e-10,
      absoluteTolerance: 1e-10,
    };
    const watched = integrate(swing, {
      ...options,
      events: [
        { id: "speed", value: (_, x) => x[1]! },
        { id: "down", direction: "falling", value: (_, x) => x[0]! },
      ],
    });
    expect(watched.events.map(({ id, time }) => [id, time])).toEqual([
      ["speed", expect.closeTo(Math.PI / 2, 8)],
      ["down", expect.closeTo(Math.PI, 8)],
      ["speed", expect.closeTo((3 * Math.PI) / 2, 8)],
      ["speed", expect.closeTo((5 * Math.PI) / 2, 8)],
      ["down", expect.closeTo(3 * Math.PI, 8)],
    ]);
    expect(watched.states).toEqual(integrate(swing, options).states);
  });

  test("a change sets off the event whose value it turns", () => {
    const filling: OdeSystem = {
      size: 2,
      derivative: (_, __, out) => {
        out[0] = 1;
        out[1] = 0;
      },
    };
    const { events, states } = integrate(filling, {
      start: 0,
      initial: [0, 0],
      times: [1, 2],
      events: [
        {
          id: "spill",
          value: (_, x) => x[0]! - 1.5,
          change: (_, x) => {
            x[0] = 0;
            x[1] = x[1]! + 1;
          },
        },
        { id: "wet", value: (_, x) => x[1]! - 0.5, ends: false },
      ],
    });
    expect(events.map(({ id, time }) => [id, time])).toEqual([
      ["spill", expect.closeTo(1.5, 12)],
      ["wet", events[0]?.time],
    ]);
    expect(states.get(1, 0)).toBeCloseTo(0.5, 12);
  });

  test("within one step happen in the order of time, not of the list", () => {
    const still: OdeSystem = { size: 1, derivative: (_, __, out) => void out.fill(0) };
    const clock = (id: string, time: number): OdeEvent => ({ id, value: (t) => t - time });
    const { events, counts } = integrate(still, {
      start: 0,
      initial: [1],
      times: [1],
      initialStep: 1,
      events: [clock("late", 0.7), clock("early", 0.3)],
    });
    expect(counts.steps).toBe(1);
    expect(events.map(({ id }) => id)).toEqual(["early", "late"]);
  });

  test("that leave their value at its zero are not set off again by leaving it", () => {
    const flip: OdeEvent = {
      id: "floor",
      value: (_, x) => x[0]!,
      change: (_, x) => {
        x[1] = -x[1]!;
      },
    };
    const { events } = integrate(falling, { start: 0, initial: [5, 0], times: [3.5], events: [flip] });
    expect(events.map(({ time }) => time)).toEqual([expect.closeTo(1, 6), expect.closeTo(3, 6)]);
  });

  test("end a run for good, whatever jumps were still to come", () => {
    const { endedBy, times, events } = integrate(falling, {
      start: 0,
      initial: [5, 0],
      times: [0.5, 4],
      discontinuities: [2, 3],
      events: [{ ...bounce(1), ends: true }],
    });
    expect(endedBy).toBe("bounce");
    expect([...times]).toEqual([0.5]);
    expect(events).toHaveLength(1);
  });
});

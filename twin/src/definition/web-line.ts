import { days, hours, minutes } from "../units.ts";
import { defineTwin } from "./define-twin.ts";
import type { ParameterDefinition, SignalDefinition, TwinDefinition } from "./twin-definition.ts";

/** Rollers in web order; the line has no roller 6 (that place is the driven nip). */
export const ROLLERS = [1, 2, 3, 4, 5, 7, 8, 9, 10] as const;
/** Web spans in web order. */
export const SPANS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] as const;

const speed = (roller: number): SignalDefinition => ({
  id: `w${roller}`,
  title: `speed of roller ${roller}`,
  unit: "rad/s",
  range: [-1, 60],
  nominal: 20,
  period: minutes(10),
  noise: 0.01,
  bias: 0.0005,
  resolution: 0.001,
  wander: 1e-4,
  maxRate: 20,
  role: "measured",
});

const tension = (span: number): SignalDefinition => ({
  id: `s${span}`,
  title: `tension of span ${span}`,
  unit: "N",
  range: [-10, 600],
  nominal: span >= 7 && span <= 11 ? 150 : 100,
  period: minutes(10),
  noise: 1,
  bias: 0.1,
  resolution: 0.1,
  wander: 0.02,
  maxRate: 200,
  role: "measured",
});

const drag = (roller: number): ParameterDefinition => ({
  id: `b${roller}`,
  title: `bearing drag of roller ${roller}`,
  unit: "N·m·s/rad",
  bounds: [0, 0.5],
  prior: { mean: 0.00001, sd: 0.0005 },
  drift: 0.02,
  cause: `wear or lost lubrication in the bearing of roller ${roller}`,
  action: `grease or replace the bearing of roller ${roller} at the next stop`,
});

/** A roll-to-roll web line: nine idlers, two driven nips, a dancer; its bearings wear. */
export const webLine: TwinDefinition = defineTwin({
  id: "web-line",
  version: "1.0.0",
  title: "Roll-to-roll web line",
  model: "web-line",
  signals: [...ROLLERS.map(speed), ...SPANS.map(tension)],
  parameters: ROLLERS.map(drag),
  virtualSensors: [
    ...ROLLERS.map((roller) => ({
      id: `slip${roller}`,
      title: `slip of the web on roller ${roller}`,
      unit: "m/s" as const,
    })),
    { id: "nip1", title: "speed of driven nip 1", unit: "rad/s" },
    { id: "dancer", title: "dancer angle", unit: "deg" },
  ],
  mode: { name: "running", anyOf: ROLLERS.map((roller) => `w${roller}`), above: 5 },
  policy: {
    falseAlarmPer14Days: 0.01,
    schedule: days(7),
    coolDown: hours(6),
    trialRows: 8,
    trialLimit: days(2),
    lateness: days(1),
    expiry: days(90),
  },
});

import { ROLLERS, SPANS } from "../definition/web-line.ts";
import { ABOVE, AUTO, type SteadyModel } from "./process-model.ts";

/**
 * A roll-to-roll web line in steady state, in closed form.
 *
 *     idler torque balance    T_{i+1} − T_i = b_i ω_i / R
 *     mass conservation       v(T) = v₆ (1 + T/EA) / (1 + T₆/EA)
 *     grip (creep)            s_i = v* (T_{i+1}/T_i − 1) / (e^{μβ_i} − 1),   ω_i = (v(T_i) − s_i) / R
 *     gross slip              T_{i+1} = T_i e^{μβ_i},   ω_i = R (T_{i+1} − T_i) / b_i
 *
 * Zone A (rollers 1…5) is solved downstream from the unwind, zone B (10…7) upstream from the dancer, each roller alone;
 * three passes over the master span's tension T₆ leave less than 1e-6 N. A roller's grip solution is converged first,
 * then its tension ratio is tested, and only then does it slip: clipping inside the iteration has a spurious fixed point.
 *
 * Source: Whitworth & Harrison (1983), Tension variations in pliable material in production machinery, §2; capstan
 * equation after Euler–Eytelwein. Units: N, rad/s, m/s, N·m·s/rad.
 */
const RADIUS = 0.05;
const STIFFNESS = 400_000;
const MASTER_SPEED = 1;
const ENTRY_TENSION = 100;
const DANCER_TENSION = 150;
const EXIT_TENSION = 100;
/** Slip at the capstan limit, m/s. */
const LIMIT_SLIP = 1e-4;
/** Unwind: N per m/s. */
const UNWIND_SLOPE = 125;
const NOMINAL_NIP =
  (MASTER_SPEED / RADIUS) * ((1 + DANCER_TENSION / STIFFNESS) / (1 + ENTRY_TENSION / STIFFNESS));
/** Capstan exponents μβ; those of rollers 3 and 9 are known well, the rest to ± 1 %. */
const CAPSTAN: Readonly<Record<(typeof ROLLERS)[number], number>> = {
  1: 0.57,
  2: 0.942,
  3: 0.59345412,
  4: 0.376,
  5: 0.253,
  7: 0.471,
  8: 0.617,
  9: 0.61650294,
  10: 0.509,
};
const LIMIT_RATIO = Float64Array.from(ROLLERS, (roller) => Math.exp(CAPSTAN[roller]));
const ZONE_A = [0, 1, 2, 3, 4];
const ZONE_B = [8, 7, 6, 5];
const PASSES = 3;
const GRIP_ROUNDS = 6;
/** Index of S6 among the spans: the span at the master nip. */
const MASTER_SPAN = 5;

const SPEED = 0;
const TENSION = ROLLERS.length;
const SLIP = TENSION + SPANS.length;
const NIP = SLIP + ROLLERS.length;
const DANCER = NIP + 1;

interface Line {
  readonly drags: Float64Array;
  readonly y: Float64Array;
  readonly regimes: Int8Array | undefined;
}

export const webLineModel: SteadyModel = {
  id: "web-line",
  parameters: ROLLERS.map((roller) => `b${roller}`),
  outputs: [
    ...ROLLERS.map((roller) => `w${roller}`),
    ...SPANS.map((span) => `s${span}`),
    ...ROLLERS.map((roller) => `slip${roller}`),
    "nip1",
    "dancer",
  ],

  evaluate(drags, y, regimes) {
    const line: Line = { drags, y, regimes };
    y[TENSION + MASTER_SPAN] = ENTRY_TENSION;
    for (let pass = 0; pass < PASSES; pass++) solveZones(line);
    const nip = webSpeed(DANCER_TENSION, at(y, TENSION + MASTER_SPAN)) / RADIUS;
    y[NIP] = nip;
    y[DANCER] = (10 * (1 - nip / NOMINAL_NIP) * 180) / Math.PI;
  },

  kinks(outputs, out) {
    for (let roller = 0; roller < ROLLERS.length; roller++) out[roller] = dragAtLimit(roller, outputs);
  },
};

function solveZones({ drags, y, regimes }: Line): void {
  const master = at(y, TENSION + MASTER_SPAN);
  const entry = webSpeed(ENTRY_TENSION, master);
  y[TENSION] = ENTRY_TENSION - UNWIND_SLOPE * (MASTER_SPEED - entry);
  for (const roller of ZONE_A)
    solveDownstream(roller, at(drags, roller), y, master, regimes?.[roller] ?? AUTO);
  y[TENSION + 10] = DANCER_TENSION;
  for (const roller of ZONE_B) solveUpstream(roller, at(drags, roller), y, master, regimes?.[roller] ?? AUTO);
  y[TENSION + 11] = EXIT_TENSION;
}

/** A roller of zone A: its incoming tension is known. */
function solveDownstream(
  roller: number,
  drag: number,
  y: Float64Array,
  master: number,
  regime: number,
): void {
  const limit = at(LIMIT_RATIO, roller);
  const incoming = at(y, TENSION + roller);
  const speed = webSpeed(incoming, master);
  const grip = speed / (RADIUS + (LIMIT_SLIP * drag) / (RADIUS * incoming * (limit - 1)));
  const slips = regime === ABOVE || (regime === AUTO && incoming + (drag * grip) / RADIUS > incoming * limit);
  const omega = slips ? (RADIUS * incoming * (limit - 1)) / drag : grip;
  y[SPEED + roller] = omega;
  y[TENSION + roller + 1] = slips ? incoming * limit : incoming + (drag * grip) / RADIUS;
  y[SLIP + roller] = speed - RADIUS * omega;
}

/** A roller of zone B: its outgoing tension is known. Rollers 7…10 stand at indices 5…8, between spans 7…10 and 8…11. */
function solveUpstream(roller: number, drag: number, y: Float64Array, master: number, regime: number): void {
  const limit = at(LIMIT_RATIO, roller);
  const outgoing = at(y, TENSION + roller + 2);
  let omega = MASTER_SPEED / RADIUS;
  let incoming = outgoing;
  for (let round = 0; round < GRIP_ROUNDS; round++) {
    incoming = outgoing - (drag * omega) / RADIUS;
    omega = (webSpeed(incoming, master) - (LIMIT_SLIP * (outgoing / incoming - 1)) / (limit - 1)) / RADIUS;
  }
  if (regime === ABOVE || (regime === AUTO && (incoming <= 0 || outgoing / incoming > limit))) {
    incoming = outgoing / limit;
    omega = (RADIUS * (outgoing - incoming)) / drag;
  }
  y[SPEED + roller] = omega;
  y[TENSION + roller + 1] = incoming;
  y[SLIP + roller] = webSpeed(incoming, master) - RADIUS * omega;
}

/** The drag at which a roller lets go, all other tensions held: b = R (T_{i+1} − T_i) / ω at the capstan limit and slip v*. */
function dragAtLimit(roller: number, y: Float64Array): number {
  const limit = at(LIMIT_RATIO, roller);
  const downstream = roller <= 4;
  const incoming = downstream ? at(y, TENSION + roller) : at(y, TENSION + roller + 2) / limit;
  const omega = (webSpeed(incoming, at(y, TENSION + MASTER_SPAN)) - LIMIT_SLIP) / RADIUS;
  return (RADIUS * incoming * (limit - 1)) / omega;
}

const webSpeed = (tension: number, master: number): number =>
  (MASTER_SPEED * (1 + tension / STIFFNESS)) / (1 + master / STIFFNESS);
const at = (array: Float64Array, index: number): number => array[index] as number;

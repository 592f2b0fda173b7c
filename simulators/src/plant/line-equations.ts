import {
  CAPSTAN,
  DANCER_DAMPING,
  DANCER_INERTIA,
  DANCER_LEVER,
  DANCER_TENSION,
  DANCER_TRIM,
  IDLERS,
  type Idler,
  INERTIA,
  LINE_SPEED,
  RADIUS,
  SLIP_LIMIT,
  STAND_TENSION,
  STANDING_TENSION,
  STIFFNESS,
  UNWIND_DROOP,
} from "./line-constants.ts";
import {
  DANCER_ANGLE,
  DANCER_RATE,
  flowAt,
  type LineState,
  SPAN_COUNT,
  spansOf,
  speedAt,
  tensionAt,
  UNWIND_FLOW,
} from "./line-state.ts";
import type { LinearSystem } from "./linear-system.ts";

/** What acts on the line at the end of a step. */
export interface LineInput {
  /** Relative line speed: 0 at rest, 1 running. */
  readonly run: number;
  readonly drag: (roller: Idler) => number;
}

/** Receives each equation: its residual and its slopes in the unknowns. */
export type Equation = (
  row: number,
  residual: number,
  slopes: readonly (readonly [unknown: number, slope: number])[],
) => void;

/** Tension reference: lower while the line stands. */
const reference = (running: number, run: number): number =>
  running * (STANDING_TENSION + (1 - STANDING_TENSION) * run);

/** Speed of nip 1 over that of the master nip when the dancer is level: both zones carry the same web. */
export const NIP_DRAW: number = (1 + DANCER_TENSION / STIFFNESS) / (1 + STAND_TENSION / STIFFNESS);
/** Surface speed of nip 1, m/s. */
export const nipSpeed = (run: number, dancerAngle: number): number =>
  LINE_SPEED * run * NIP_DRAW * (1 - DANCER_TRIM * dancerAngle);
export const standTension = (run: number): number => reference(STAND_TENSION, run);

/**
 * All equations of one backward-Euler step of length h from `old` to `now`:
 *
 *     web in a span    N(now) − N(old) = h (q_in − q_out),   N = L/(1 + T/EA)
 *     unwind stand     T₁ = T_ref − 125 (v_line − v_out),    v_out = q₀ (1 + T_ref/EA)
 *     idler, friction  T_after = T_before · (1 + (e^{μβ} − 1)·min(s/v*, 1)),  s = q(1 + T_before/EA) − Rω,
 *                      mirrored where the roller drives the web (s < 0)
 *     idler, torque    J (ω − ω_old) = h (R (T_after − T_before) − b ω)
 *     dancer           I (θ̇ − θ̇_old) = h (lever (T₁₁ − T_piston) − c θ̇),   θ − θ_old = h θ̇
 *
 * @see Shelton, "Dynamics of web tension control with velocity or torque control", ACC 1986 (span equation).
 */
export function stepEquations(
  now: LineState,
  old: LineState,
  h: number,
  input: LineInput,
  equation: Equation,
): void {
  for (let span = 1; span <= SPAN_COUNT; span += 1) spanEquation(now, old, h, input, span, equation);
  unwindEquation(now, input, equation);
  for (const roller of IDLERS) {
    frictionEquation(now, roller, equation);
    torqueEquation(now, old, h, input.drag(roller), roller, equation);
  }
  dancerEquations(now, old, h, input, equation);
}

/** Flow of unstretched web past a point, m/s, with its slopes. */
interface Flow {
  readonly value: number;
  readonly slopes: readonly (readonly [number, number])[];
}

/** A nip carries the web that comes in at its own surface speed. */
function nipFlow(now: LineState, spanBefore: number, surfaceSpeed: number): Flow {
  const stretch = now.stretch(spanBefore);
  const value = surfaceSpeed / stretch;
  return { value, slopes: [[tensionAt(spanBefore), -value / (stretch * STIFFNESS)]] };
}

function flowOutOf(now: LineState, { run }: LineInput, span: number): Flow {
  if (span === 0) return { value: now.get(UNWIND_FLOW), slopes: [[UNWIND_FLOW, 1]] };
  if (span === 6) return nipFlow(now, 6, LINE_SPEED * run);
  if (span === SPAN_COUNT) {
    const { value, slopes } = nipFlow(now, SPAN_COUNT, nipSpeed(run, now.get(DANCER_ANGLE)));
    const trim = -LINE_SPEED * run * NIP_DRAW * DANCER_TRIM;
    return { value, slopes: [...slopes, [DANCER_ANGLE, trim / now.stretch(SPAN_COUNT)]] };
  }
  const at = flowAt(span as Idler);
  return { value: now.get(at), slopes: [[at, 1]] };
}

function spanEquation(
  now: LineState,
  old: LineState,
  h: number,
  input: LineInput,
  span: number,
  equation: Equation,
): void {
  const entering = flowOutOf(now, input, span - 1);
  const leaving = flowOutOf(now, input, span);
  const stretch = now.stretch(span);
  equation(tensionAt(span), now.webIn(span) - old.webIn(span) - h * (entering.value - leaving.value), [
    [tensionAt(span), -now.lengthOf(span) / (STIFFNESS * stretch * stretch)],
    ...(span === SPAN_COUNT ? [[DANCER_ANGLE, -DANCER_LEVER / stretch] as const] : []),
    ...entering.slopes.map(([unknown, slope]) => [unknown, -h * slope] as const),
    ...leaving.slopes.map(([unknown, slope]) => [unknown, h * slope] as const),
  ]);
}

function unwindEquation(now: LineState, { run }: LineInput, equation: Equation): void {
  const held = standTension(run);
  const stretch = 1 + held / STIFFNESS;
  const shortfall = LINE_SPEED * run - now.get(UNWIND_FLOW) * stretch;
  equation(UNWIND_FLOW, now.tension(1) - held + UNWIND_DROOP * shortfall, [
    [tensionAt(1), 1],
    [UNWIND_FLOW, -UNWIND_DROOP * stretch],
  ]);
}

function frictionEquation(now: LineState, roller: Idler, equation: Equation): void {
  const { before, after } = spansOf(roller);
  const slip = now.slip(roller);
  const pulled = slip >= 0;
  const grip = Math.expm1(CAPSTAN[roller]);
  const spent = Math.min(Math.abs(slip) / SLIP_LIMIT, 1);
  const ratio = 1 + grip * spent;
  const [low, high] = pulled ? [before, after] : [after, before];
  const slope = spent < 1 ? ((pulled ? -1 : 1) * now.tension(low) * grip) / SLIP_LIMIT : 0;
  equation(flowAt(roller), now.tension(high) - now.tension(low) * ratio, [
    [tensionAt(high), 1],
    [tensionAt(low), -ratio],
    [flowAt(roller), slope * now.stretch(before)],
    [tensionAt(before), (slope * now.get(flowAt(roller))) / STIFFNESS],
    [speedAt(roller), -slope * RADIUS],
  ]);
}

function torqueEquation(
  now: LineState,
  old: LineState,
  h: number,
  drag: number,
  roller: Idler,
  equation: Equation,
): void {
  const { before, after } = spansOf(roller);
  const speed = now.get(speedAt(roller));
  const torque = RADIUS * (now.tension(after) - now.tension(before)) - drag * speed;
  equation(speedAt(roller), INERTIA * (speed - old.get(speedAt(roller))) - h * torque, [
    [speedAt(roller), INERTIA + h * drag],
    [tensionAt(after), -h * RADIUS],
    [tensionAt(before), h * RADIUS],
  ]);
}

function dancerEquations(
  now: LineState,
  old: LineState,
  h: number,
  { run }: LineInput,
  equation: Equation,
): void {
  const rate = now.get(DANCER_RATE);
  const torque =
    DANCER_LEVER * (now.tension(SPAN_COUNT) - reference(DANCER_TENSION, run)) - DANCER_DAMPING * rate;
  equation(DANCER_RATE, DANCER_INERTIA * (rate - old.get(DANCER_RATE)) - h * torque, [
    [DANCER_RATE, DANCER_INERTIA + h * DANCER_DAMPING],
    [tensionAt(SPAN_COUNT), -h * DANCER_LEVER],
  ]);
  equation(DANCER_ANGLE, now.get(DANCER_ANGLE) - old.get(DANCER_ANGLE) - h * rate, [
    [DANCER_ANGLE, 1],
    [DANCER_RATE, -h],
  ]);
}

/** Lays every equation into a system for the Newton correction. */
export const intoSystem =
  (system: LinearSystem): Equation =>
  (row, residual, slopes) => {
    system.setRight(row, -residual);
    for (const [unknown, slope] of slopes) system.add(row, unknown, slope);
  };

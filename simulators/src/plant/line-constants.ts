/** Rollers in web order that the web alone turns. */
export const IDLERS = [1, 2, 3, 4, 5, 7, 8, 9, 10] as const;
export type Idler = (typeof IDLERS)[number];

/** Radius of every roller and nip, m. */
export const RADIUS = 0.05;
/** Web stiffness: tension per strain, N. */
export const STIFFNESS = 400_000;
/** Slip velocity at which friction is spent, m/s. */
export const SLIP_LIMIT = 1e-4;
/** Capstan exponent μβ: friction coefficient times wrap angle. Rollers 3 and 9 are known well, the others within 1 %. */
export const CAPSTAN: Readonly<Record<Idler, number>> = {
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

/** Chosen for the simulator: an aluminium shell of about 2 kg. kg·m² */
export const INERTIA = 0.004;
/** Free lengths of the spans S1 … S11 at dancer angle 0, m. (S12 hangs on the rewinder's torque and stores nothing.) */
export const SPAN_LENGTHS = [1.2, 0.6, 0.8, 0.7, 0.9, 0.8, 0.8, 0.7, 0.9, 0.6, 1.6] as const;

/** Web tension at the unwind stand and at the rewind stand, N. */
export const STAND_TENSION = 100;
/** Web tension that the dancer's piston holds, N. */
export const DANCER_TENSION = 150;
/** Loss of unwind tension when the web leaves slower than the line runs, N per m/s. */
export const UNWIND_DROOP = 125;
/** Nominal web speed, m/s; the master nip is the last roller of zone A. */
export const LINE_SPEED = 1;
/** Part of its running value at which each tension is held while the line stands. */
export const STANDING_TENSION = 0.1;

/** How far the dancer slows nip 1: relative speed per radian. */
export const DANCER_TRIM = 0.1;
/** Web taken up per radian of dancer angle (twice the arm), m. */
export const DANCER_LEVER = 0.4;
/** Dancer arm with its roller, kg·m². */
export const DANCER_INERTIA = 0.5;
/** Damper on the arm, N·m·s. */
export const DANCER_DAMPING = 80;

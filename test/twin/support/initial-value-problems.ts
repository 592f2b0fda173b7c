import type { OdeSystem } from "@plumbline/twin/integration/system";

/** Published problems with their published end values. */

const system = (size: number, derivative: (x: Float64Array, out: Float64Array) => void): OdeSystem => ({
  size,
  autonomous: true,
  derivative: (_, x, out) => derivative(x, out),
});

const MOON = 0.012277471;

/** A periodic orbit of the restricted three-body problem. Hairer, Nørsett & Wanner (1993), II.0. */
export const arenstorf = {
  system: system(4, (x, out) => {
    const [px, py, vx, vy] = x as unknown as [number, number, number, number];
    const earth = ((px + MOON) ** 2 + py ** 2) ** 1.5;
    const moon = ((px - 1 + MOON) ** 2 + py ** 2) ** 1.5;
    out[0] = vx;
    out[1] = vy;
    out[2] = px + 2 * vy - ((1 - MOON) * (px + MOON)) / earth - (MOON * (px - 1 + MOON)) / moon;
    out[3] = py - 2 * vx - ((1 - MOON) * py) / earth - (MOON * py) / moon;
  }),
  initial: [0.994, 0, 0, -2.001585106379082],
  end: 17.065216560157964,
  expected: [0.994, 0, 0, -2.001585106379082],
};

/** Van der Pol's oscillator in Liénard time, μ = 1000 (ε = 1e-6). Test Set for IVP Solvers (Mazzia & Magherini 2008). */
export const vanDerPol = {
  system: system(2, (x, out) => {
    out[0] = x[1]!;
    out[1] = ((1 - x[0]! ** 2) * x[1]! - x[0]!) * 1e6;
  }),
  initial: [2, 0],
  end: 2,
  expected: [1.706167732170483, -0.8928097010247975],
};

/** Robertson's kinetics. Test Set for IVP Solvers. */
export const robertson = {
  system: system(3, (x, out) => {
    out[0] = -0.04 * x[0]! + 1e4 * x[1]! * x[2]!;
    out[2] = 3e7 * x[1]! ** 2;
    out[1] = -out[0]! - out[2]!;
  }),
  initial: [1, 0, 0],
  end: 1e11,
  expected: [2.083340149701255e-8, 8.333360770334713e-14, 0.999999979166505],
};

/** Eight reactants of photomorphogenesis. Test Set for IVP Solvers. */
export const hires = {
  system: system(8, (x, out) => {
    const [a, b, c, d, e, f, g, h] = [...x] as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    out[0] = -1.71 * a + 0.43 * b + 8.32 * c + 0.0007;
    out[1] = 1.71 * a - 8.75 * b;
    out[2] = -10.03 * c + 0.43 * d + 0.035 * e;
    out[3] = 8.32 * b + 1.71 * c - 1.12 * d;
    out[4] = -1.745 * e + 0.43 * f + 0.43 * g;
    out[5] = -280 * f * h + 0.69 * d + 1.71 * e - 0.43 * f + 0.69 * g;
    out[6] = 280 * f * h - 1.81 * g;
    out[7] = -out[6]!;
  }),
  initial: [1, 0, 0, 0, 0, 0, 0, 0.0057],
  end: 321.8122,
  expected: [
    7.371312573325668e-4, 1.442485726318615e-4, 5.888729740967575e-5, 1.175651343283149e-3,
    2.386356198831331e-3, 6.238968252742796e-3, 2.849998395185769e-3, 2.850001604814231e-3,
  ],
};

/** The Oregonator of the Belousov–Zhabotinskii reaction. Test Set for IVP Solvers. */
export const oregonator = {
  system: system(3, (x, out) => {
    out[0] = 77.27 * (x[1]! + x[0]! * (1 - 8.375e-6 * x[0]! - x[1]!));
    out[1] = (x[2]! - (1 + x[0]!) * x[1]!) / 77.27;
    out[2] = 0.161 * (x[0]! - x[2]!);
  }),
  initial: [1, 2, 3],
  end: 360,
  expected: [1.000814870318523, 1228.178521549917, 132.0554942846706],
};

/** Predator and prey; V = δx − γ ln x + βy − α ln y does not change. */
export const lotkaVolterra = {
  system: system(2, (x, out) => {
    out[0] = (0.55 - 0.028 * x[1]!) * x[0]!;
    out[1] = (-0.8 + 0.024 * x[0]!) * x[1]!;
  }),
  initial: [34, 6],
  invariant: ([x, y]: readonly [number, number]): number =>
    0.024 * x - 0.8 * Math.log(x) + 0.028 * y - 0.55 * Math.log(y),
};

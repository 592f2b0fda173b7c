import { firstNonFinite } from "../../linear-algebra/finite.ts";
import type { Dice } from "../../random/dice.ts";
import type { ParticleCloud } from "./cloud.ts";
import { Losses } from "./losses.ts";

/** Particles that share a stream of dice: results do not depend on who works on which block, or when. */
const BLOCK = 1024;

/** Writes a successor of `state` into `out`; returns what its log weight gains. */
export type Move = (state: Float64Array, dice: Dice, out: Float64Array) => number;

/**
 * `target` ← a successor of each particle of `source`, or of each ancestor: with ancestors the weights start equal. A
 * particle that fails, and one that was impossible before, has the weight 0.
 * @returns the failures; `target` is to be thrown away when they are all.
 */
export function moveParticles(
  source: ParticleCloud,
  ancestors: Int32Array | undefined,
  target: ParticleCloud,
  dice: Dice,
  move: Move,
): Losses {
  const losses = new Losses();
  const state = new Float64Array(source.states.length);
  const next = new Float64Array(source.states.length);
  const level = -Math.log(source.count);
  let blockDice = dice;
  for (let particle = 0; particle < target.count; particle++) {
    if (particle % BLOCK === 0) blockDice = dice.split(particle / BLOCK);
    const ancestor = ancestors ? (ancestors[particle] as number) : particle;
    const logWeight = ancestors ? level : (source.logWeights[ancestor] as number);
    source.read(ancestor, state);
    let gain = Number.NEGATIVE_INFINITY;
    if (logWeight > Number.NEGATIVE_INFINITY) gain = moveOne(state, next, blockDice, move, losses);
    if (gain === Number.NEGATIVE_INFINITY) next.set(state);
    target.write(particle, next);
    target.logWeights[particle] = logWeight + gain;
    target.weights[particle] =
      gain === 0
        ? ancestors
          ? 1 / target.count
          : (source.weights[ancestor] as number)
        : Math.exp(logWeight + gain);
  }
  return losses;
}

function moveOne(state: Float64Array, next: Float64Array, dice: Dice, move: Move, losses: Losses): number {
  try {
    const gain = move(state, dice, next);
    const bad = firstNonFinite(next);
    if (bad < 0 && gain < Number.POSITIVE_INFINITY) return gain;
    losses.tell(
      "the move",
      state,
      bad < 0 ? `gave the log weight ${gain}` : `gave ${next[bad]} for state ${bad}`,
    );
  } catch (cause) {
    losses.tell("the move", state, cause);
  }
  return Number.NEGATIVE_INFINITY;
}

import { gaussianParticles } from "@plumbline/twin/estimation/particle/gaussian-particles";
import { ParticleFilter } from "@plumbline/twin/estimation/particle/particle-filter";
import { dice } from "@plumbline/twin/random/dice";
import { describeFilter } from "../filter-contract.ts";

/**
 * Two thousand particles, of which a reading leaves an effective half to a tenth: moments have errors of sd 1/√200 to
 * 1/√1000 of the belief's, 3–7 %. Six of the larger.
 */
const particles = 2000;
const tolerance = 0.42;

for (const scheme of ["bootstrap", "auxiliary"] as const)
  describeFilter(
    `particle filter, ${scheme}`,
    (system, start) =>
      new ParticleFilter(gaussianParticles(system), start, { particles, scheme, dice: dice(3) }),
    { tolerance },
  );

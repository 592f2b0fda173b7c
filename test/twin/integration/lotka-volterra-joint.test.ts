import { integrate } from "@plumbline/twin/integration/integrate";
import { logNormal } from "@plumbline/twin/probability/log-normal";
import { normal } from "@plumbline/twin/probability/normal";
import { expect, test } from "vitest";
import { withReferenceData } from "../../support/reference-data.ts";

interface Posteriordb {
  readonly problems: Readonly<
    Record<
      string,
      {
        readonly data: { readonly ts: number[]; readonly y_init: number[]; readonly y: number[][] };
        readonly ref_mean: readonly number[];
        readonly log_joint_at_ref_mean: number;
      }
    >
  >;
}

withReferenceData<Posteriordb>(
  "calibration/posteriordb/problems.json",
  "hare and lynx of posteriordb",
  (file) => {
    test("the log-joint at the reference mean, through the solver, to 1e-8", () => {
      const { data, ref_mean, log_joint_at_ref_mean } = file.problems["hudson_lynx_hare-lotka_volterra"]!;
      const [birth, hunted, death, fed, ...rest] = ref_mean as [number, number, number, number];
      const [hares, lynxes, ...sigma] = rest as unknown as [number, number, number, number];
      const { states } = integrate(
        {
          size: 2,
          autonomous: true,
          derivative: (_, x, out) => {
            out[0] = (birth - hunted * x[1]!) * x[0]!;
            out[1] = (fed * x[0]! - death) * x[1]!;
          },
        },
        {
          start: 0,
          initial: [hares, lynxes],
          times: data.ts,
          relativeTolerance: 1e-10,
          absoluteTolerance: 1e-10,
        },
      );
      let joint = 0;
      for (const rate of [birth, death]) joint += normal(1, 0.5).logDensity(rate);
      for (const rate of [hunted, fed]) joint += normal(0.05, 0.05).logDensity(rate);
      for (const value of sigma) joint += logNormal(-1, 1).logDensity(value);
      for (const [index, start] of [hares, lynxes].entries()) {
        joint += logNormal(Math.log(10), 1).logDensity(start);
        joint += logNormal(Math.log(start), sigma[index]!).logDensity(data.y_init[index]!);
        for (const [row, pelts] of data.y.entries())
          joint += logNormal(Math.log(states.get(row, index)), sigma[index]!).logDensity(pelts[index]!);
      }
      expect(Math.abs(joint - log_joint_at_ref_mean)).toBeLessThan(1e-8);
    });
  },
);

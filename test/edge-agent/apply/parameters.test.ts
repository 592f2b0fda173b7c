import { expect, test } from "vitest";
import { until } from "../support/brokers.ts";
import { nonceOf, scene, signer } from "../support/parameter-scene.ts";
import { absurd, newSigner, publishable } from "../support/sets.ts";

test("a set goes from the shadow through parts, verification and trial into force, and each step is reported", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(3);
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.shadow.reports(1, "trial"));
  expect(here.pipeline.vitals(false)).toMatchObject({
    set: 0,
    apply: { state: "trial", version: 1 },
    seenVersion: 1,
  });
  await here.rows(8);
  await until(() => here.shadow.reports(1, "committed"));
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 1, apply: { state: "idle", highest: 1 } });
  expect(here.shadow.reported).toMatchObject({ highest: 1 });
  expect(here.shadow.reported.nonce).toBeUndefined();
  await until(
    () =>
      here.cloud.frames.flatMap(({ records }) => records).filter(({ kind }) => kind === "decision").length ===
      2,
  );
  await until(() => here.pipeline.vitals(false).idle);
});

test("parts that are lost are asked for again", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  here.shadow.losing = [0];
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.shadow.reports(1, "trial"));
  expect(here.shadow.requests[0]).toEqual([0]);
});

test("parts that never come end as refused: parts, after five rounds, and the decision is in the frame stream", async () => {
  const here = await scene();
  await here.rows(1);
  here.shadow.losing = [0];
  here.shadow.answersRequests = false;
  here.shadow.publish(publishable(1));
  await until(() => here.shadow.reports(1, "refused"));
  expect(here.shadow.requests).toHaveLength(5);
  expect(here.shadow.reported.report?.reason).toMatch(/^parts: /);
  await here.pipeline.seal();
  await until(() =>
    here.cloud.frames.some(({ records }) =>
      records.some((record) => record.kind === "decision" && record.outcome === "refused"),
    ),
  );
});

test("a set signed by a stranger is refused, reported with the failed check, and not judged again", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  here.shadow.publish(publishable(1, { nonce }), newSigner(signer.kid));
  await until(() => here.shadow.reports(1, "refused"));
  expect(here.shadow.reported.report?.reason).toMatch(/^signature: /);
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 0, apply: { highest: null } });
  here.shadow.publish(publishable(2, { nonce }));
  await until(() => here.shadow.reports(2, "trial"));
  expect(
    here.shadow.history.filter(({ report }) => report?.version === 1 && report.state === "refused"),
  ).toHaveLength(1);
});

test("a foreign pointer with a high version does not lock out the genuine sets below it", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(2);
  here.shadow.publish(publishable(50, { nonce }), newSigner(signer.kid));
  await until(() => here.shadow.reports(50, "refused"));
  here.shadow.publish(publishable(2, { nonce }));
  await until(() => here.shadow.reports(2, "trial"));
  await here.rows(8);
  await until(() => here.shadow.reports(2, "committed"));
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 2, apply: { highest: 2 } });
});

test("a refusal that falls during a trial is reported after the trial, behind the trial's outcome", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(2);
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.shadow.reports(1, "trial"));
  here.shadow.publish(publishable(50), newSigner(signer.kid));
  await until(() => here.events.some(({ name }) => name === "parameters.refused"));
  await here.rows(8);
  await until(() => here.shadow.reports(50, "refused"));
  const steps = here.shadow.history.flatMap(({ report }) =>
    report ? [`${report.version} ${report.state}`] : [],
  );
  expect([...new Set(steps)]).toEqual(["1 trial", "1 committed", "50 refused"]);
  expect(here.shadow.reported.report).toMatchObject({ version: 50, state: "refused" });
});

test("a newer set during a trial ends it as reverted: superseded", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(2);
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.shadow.reports(1, "trial"));
  here.shadow.publish(publishable(2));
  await until(() => here.shadow.reports(2, "trial"));
  await until(() =>
    here.cloud.frames.some(({ records }) =>
      records.some(
        (record) =>
          record.kind === "decision" && record.version === 1 && record.reason === "superseded by version 2",
      ),
    ),
  );
});

test("a set that predicts worse is reverted with the reason, and an older one is refused afterwards", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(2);
  here.shadow.publish({ ...absurd(3), nonce });
  await until(() => here.shadow.reports(3, "trial"));
  await here.rows(8);
  await until(() => here.shadow.reports(3, "reverted"));
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 0, apply: { highest: 3 } });
  here.shadow.publish(publishable(2), signer, { version: 4 }); // the shadow claims more than the set says
  await until(() => here.shadow.reports(4, "refused"));
  expect(here.shadow.reported.report?.reason).toMatch(/^(version|parts): /);
});

test("at the cabinet a committed set can be stepped back from, and put on trial again", async () => {
  const here = await scene();
  const nonce = await nonceOf(here);
  await here.rows(2);
  expect(here.pipeline.byHand("revert").done).toBe(false);
  here.shadow.publish(publishable(1, { nonce }));
  await until(() => here.shadow.reports(1, "trial"));
  await here.rows(8);
  await until(() => here.shadow.reports(1, "committed"));
  expect(here.pipeline.byHand("revert").done).toBe(true);
  await until(() => here.shadow.reports(1, "reverted"));
  expect(here.pipeline.vitals(false)).toMatchObject({ set: 0, apply: { state: "held", version: 1 } });
  expect(here.pipeline.byHand("resume").done).toBe(true);
  await until(() => here.pipeline.vitals(false).apply.state === "trial");
  await here.rows(8);
  await until(() => here.pipeline.vitals(false).set === 1);
});

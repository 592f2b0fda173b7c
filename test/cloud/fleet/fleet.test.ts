import { webLine } from "@plumbline/twin/definition/web-line";
import { FaultsError } from "@plumbline/twin/errors";
import { describe, expect, test } from "vitest";
import { describeTwin, validateTwin } from "../../../cloud/src/commands/operator.ts";
import { cloudConfig, instanceSetting, Settings, thingSetting } from "../../../cloud/src/config.ts";
import { fleetRow } from "../../../cloud/src/fleet/fleet.ts";
import { fleetTable } from "../../../cloud/src/fleet/table.ts";
import { beginEpoch } from "../../../cloud/src/store/ingest-state.ts";
import { emptyHead } from "../../../cloud/src/store/posterior-head.ts";

const T0 = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const state = {
  ...beginEpoch(undefined, {
    thing: "line-7",
    instance: "main",
    twin: { id: "web-line", version: "1.0.0" },
    epoch: "a",
  }),
  highest: T0,
  lowest: T0,
  alarms: [
    { chart: "b3", at: T0, statistic: 9, set: 0, sequence: 1 },
    { chart: "b9", at: T0, statistic: 9, set: 7, sequence: 1 },
  ],
};

describe("the fleet's table", () => {
  test("shows silence as silence, and only alarms against the set in force", () => {
    expect(fleetRow(state, undefined, undefined, [], T0 + 30 * 60_000)).toMatchObject({
      silent: false,
      alarms: ["b3"],
      verdict: null,
    });
    const silent = fleetRow(state, undefined, undefined, [], T0 + 5 * HOUR);
    expect(silent.silent).toBe(true);
    expect(fleetTable([silent])).toContain("2026-01-01 00:00 (silent for 300 min)");
  });

  test("tells the last verdict and why", () => {
    const last = { kind: "wait", reason: "hold: no evidence", evidence: "e", at: T0, decided: T0 } as const;
    const head = { ...emptyHead("line-7", "main", webLine, "m"), last };
    const lines = fleetTable([fleetRow(state, head, undefined, [], T0)]).split("\n");
    expect(lines[0]).toMatch(/^THING\s+LAST READING\s+BACKLOG\s+SET\s+LAST VERDICT\s+ALARMS\s+ALERTS$/);
    expect(lines[1]).toMatch(/line-7\/main .* not told +v0 +wait: hold: no evidence +b3 +none/);
  });

  test("of an empty fleet says so", () => {
    expect(fleetTable([])).toBe("no machine has sent a frame yet\n");
  });
});

describe("the configuration", () => {
  test("tells all its faults at once, each with the value given and what would do", () => {
    const settings = new Settings(
      { AWS_ENDPOINT_URL: "nonsense", PLUMBLINE_THING: "a/b" },
      { jobsAtOnce: "many" },
    );
    cloudConfig(settings);
    thingSetting(settings);
    instanceSetting(settings);
    settings.whole("jobsAtOnce", "PLUMBLINE_JOBS_AT_ONCE", 1, [1, 10]);
    const fault = (): void => settings.done();
    expect(fault).toThrow(FaultsError);
    expect(fault).toThrow(
      /has 6 faults[\s\S]*PLUMBLINE_ARCHIVE_BUCKET: nothing[\s\S]*"nonsense"[\s\S]*AWS_REGION[\s\S]*"a\/b"[\s\S]*PLUMBLINE_INSTANCE[\s\S]*"many"/,
    );
  });

  test("prefers a flag to the environment, and takes an empty value for a missing one", () => {
    const settings = new Settings({ A: "environment", B: "" }, { a: "flag" });
    expect(settings.optional("a", "A")).toBe("flag");
    expect(settings.optional("b", "B")).toBeUndefined();
  });
});

describe("a twin's definition on the command line", () => {
  test("is described by what it measures, estimates and infers", () => {
    expect(describeTwin(validateTwin("web-line"))).toMatch(
      /21 signals: .*\n9 parameters: .*\n11 virtual sensors: /,
    );
  });

  test("is refused with all its faults", () => {
    const broken = { ...webLine, version: "one", parameters: [], signals: [] };
    expect(() => validateTwin("web-line", broken)).toThrow(/version[\s\S]*signals[\s\S]*parameters/);
  });
});

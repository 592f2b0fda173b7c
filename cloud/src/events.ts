/** What the cloud says of itself. info: as asked · warn: recovered, nothing lost · error: a person is needed. */
export type CloudEvent =
  | { readonly name: "ingest.listening"; readonly broker: string }
  | { readonly name: "ingest.disconnected"; readonly reason: string }
  | { readonly name: "ingest.epoch"; readonly thing: string; readonly epoch: string }
  | {
      readonly name: "ingest.acked";
      readonly thing: string;
      readonly epoch: string;
      readonly sequence: number;
      readonly frames: number;
      readonly readings: number;
    }
  | {
      readonly name: "ingest.refused";
      readonly thing: string;
      readonly code: string;
      readonly detail: string;
    }
  | {
      readonly name: "ingest.cloned";
      readonly thing: string;
      readonly epoch: string;
      readonly sequence: number;
    }
  | {
      readonly name: "ingest.conflict";
      readonly thing: string;
      readonly epoch: string;
      readonly sequence: number;
    }
  | { readonly name: "ingest.failed"; readonly thing: string; readonly code: string; readonly detail: string }
  | {
      readonly name: "ingest.not-reproducible";
      readonly thing: string;
      readonly sequence: number;
      readonly reason: string;
    }
  | { readonly name: "ingest.reproducible"; readonly thing: string; readonly sequence: number }
  | {
      readonly name: "ingest.alarm";
      readonly thing: string;
      readonly chart: string;
      readonly at: number;
      readonly reproduced: boolean;
    }
  | { readonly name: "ingest.set"; readonly thing: string; readonly version: number; readonly at: number }
  | {
      readonly name: "ingest.diverted";
      readonly thing: string;
      readonly lane: string;
      readonly points: number;
      readonly code: string;
    }
  | { readonly name: "parts.sent"; readonly thing: string; readonly version: number; readonly parts: number }
  | {
      readonly name: "planner.submitted";
      readonly jobId: string;
      readonly machines: number;
      readonly reasons: readonly string[];
    }
  | {
      readonly name: "planner.finished";
      readonly thing: string;
      readonly jobId: string;
      readonly state: string;
      readonly verdict?: string;
    }
  | { readonly name: "planner.failed"; readonly code: string; readonly detail: string }
  | { readonly name: "recalibrate.skipped"; readonly thing: string; readonly reason: string }
  | { readonly name: "recalibrate.waiting"; readonly thing: string; readonly holder: string }
  | {
      readonly name: "recalibrate.assimilated";
      readonly thing: string;
      readonly points: number;
      readonly modelRuns: number;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly name: "recalibrate.verdict";
      readonly thing: string;
      readonly kind: string;
      readonly reason: string;
      readonly evidence: string;
    }
  | {
      readonly name: "recalibrate.published";
      readonly thing: string;
      readonly version: number;
      readonly parts: number;
    }
  /** Somebody else had written the pointer of this gateway. */
  | {
      readonly name: "publish.foreign-pointer";
      readonly thing: string;
      readonly version: number;
      readonly code: string;
      readonly hint: string;
    }
  | {
      readonly name: "recalibrate.failed";
      readonly thing: string;
      readonly code: string;
      readonly detail: string;
      readonly hint?: string;
    }
  | { readonly name: "provision.done"; readonly model: string; readonly asset: string };

type Level = "info" | "warn" | "error";
const LEVELS: Partial<Record<CloudEvent["name"], Level>> = {
  "ingest.disconnected": "warn",
  "ingest.refused": "error",
  "ingest.cloned": "error",
  "ingest.conflict": "error",
  "ingest.failed": "warn",
  "ingest.not-reproducible": "warn",
  "ingest.diverted": "warn",
  "planner.failed": "warn",
  "publish.foreign-pointer": "error",
  "recalibrate.failed": "error",
};
export const levelOf = (name: CloudEvent["name"]): Level => LEVELS[name] ?? "info";

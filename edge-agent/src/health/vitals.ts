/**
 * What `/healthz` says. All numbers but `received`, `inFlight`, `apply.queue` and the connections are of one instant: the
 * newest commit. So at any moment
 *
 *     received = committed + duplicate + rejected + lost + inFlight.
 *
 * **Idle** means that nothing this agent has been given is still on its way through it:
 *  - every received message is settled: committed (or known as a duplicate, rejected, lost by policy) and acknowledged to the plant;
 *  - the rows that those readings close have been observed, and every seal they asked for is on disk (`sealedSequence`);
 *  - no parameter set is being collected, and no report waits for the shadow while the uplink is connected.
 * Idle says nothing about the cloud: compare `ackedSequence` with `sealedSequence` for that, and `seenVersion` with the
 * version that was published to know that a set has arrived.
 */
export interface Vitals {
  readonly idle: boolean;
  readonly version: string;
  readonly thing: string;
  readonly instance: string;
  readonly epoch: string;
  readonly received: number;
  readonly committed: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly lost: number;
  readonly inFlight: number;
  /** Highest honest event time in the journal or a frame, ms. */
  readonly lastEventTime: number | null;
  /** Readings in the journal that are not sealed into a frame yet. */
  readonly journal: number;
  readonly sealedSequence: number;
  readonly sentSequence: number;
  readonly ackedSequence: number;
  /** Version of the parameter set in force. */
  readonly set: number;
  readonly expired: boolean;
  readonly apply: {
    readonly state: "idle" | "trial" | "held";
    readonly version: number | null;
    readonly queue: number;
    readonly highest: number | null;
  };
  /** Highest version that the shadow's pointer ever named to this process. */
  readonly seenVersion: number;
  readonly source: { readonly connected: boolean };
  readonly uplink: { readonly connected: boolean };
  readonly commit: {
    readonly commits: number;
    readonly lastMs: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
    readonly stuck: boolean;
  };
  readonly outbox: {
    readonly bytes: number;
    readonly capBytes: number;
    readonly full: boolean;
    readonly backlogFrames: number;
    readonly backlogReadings: number;
    readonly backlogBytes: number;
    readonly oldest: number | null;
  };
  readonly meanNis: number | null;
  /** Scenario time, ms. */
  readonly now: number;
  /** SHA-256 of the observer's state; only with `?state`. */
  readonly stateHash?: string;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly value: (vitals: Vitals) => number | null;
}
const METRICS: readonly Metric[] = [
  {
    name: "received_total",
    help: "messages from the source",
    type: "counter",
    value: ({ received }) => received,
  },
  {
    name: "committed_total",
    help: "readings made durable",
    type: "counter",
    value: ({ committed }) => committed,
  },
  {
    name: "duplicate_total",
    help: "readings recognised as delivered before",
    type: "counter",
    value: ({ duplicate }) => duplicate,
  },
  {
    name: "rejected_total",
    help: "messages that cannot be read",
    type: "counter",
    value: ({ rejected }) => rejected,
  },
  {
    name: "lost_total",
    help: "readings turned away by the overflow policy",
    type: "counter",
    value: ({ lost }) => lost,
  },
  { name: "in_flight", help: "messages not settled yet", type: "gauge", value: ({ inFlight }) => inFlight },
  {
    name: "journal_readings",
    help: "durable readings not sealed yet",
    type: "gauge",
    value: ({ journal }) => journal,
  },
  {
    name: "sealed_sequence",
    help: "newest sealed frame",
    type: "counter",
    value: ({ sealedSequence }) => sealedSequence,
  },
  {
    name: "acked_sequence",
    help: "newest frame acknowledged end to end",
    type: "counter",
    value: ({ ackedSequence }) => ackedSequence,
  },
  {
    name: "backlog_readings",
    help: "sealed readings not acknowledged",
    type: "gauge",
    value: ({ outbox }) => outbox.backlogReadings,
  },
  {
    name: "backlog_bytes",
    help: "sealed bytes not acknowledged",
    type: "gauge",
    value: ({ outbox }) => outbox.backlogBytes,
  },
  {
    name: "outbox_bytes",
    help: "bytes of the outbox file and its WAL",
    type: "gauge",
    value: ({ outbox }) => outbox.bytes,
  },
  {
    name: "outbox_cap_bytes",
    help: "most bytes the outbox may use",
    type: "gauge",
    value: ({ outbox }) => outbox.capBytes,
  },
  {
    name: "commit_p99_seconds",
    help: "99th percentile of commit latency",
    type: "gauge",
    value: ({ commit }) => commit.p99Ms / 1_000,
  },
  {
    name: "source_connected",
    help: "1 while the plant's broker is connected",
    type: "gauge",
    value: ({ source }) => Number(source.connected),
  },
  {
    name: "uplink_connected",
    help: "1 while the cloud is connected",
    type: "gauge",
    value: ({ uplink }) => Number(uplink.connected),
  },
  {
    name: "parameter_set",
    help: "version of the parameter set in force",
    type: "gauge",
    value: ({ set }) => set,
  },
  {
    name: "mean_nis",
    help: "mean normalised innovation squared; 1 is consistent",
    type: "gauge",
    value: ({ meanNis }) => meanNis,
  },
  {
    name: "last_event_time_seconds",
    help: "highest event time",
    type: "gauge",
    value: ({ lastEventTime }) => (lastEventTime === null ? null : lastEventTime / 1_000),
  },
];

/** Prometheus text format. */
export function metricsText(vitals: Vitals): string {
  const labels = `{thing="${vitals.thing}",instance="${vitals.instance}"}`;
  return METRICS.flatMap(({ name, help, type, value }) => {
    const number = value(vitals);
    const full = `plumbline_agent_${name}`;
    return number === null
      ? []
      : [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, `${full}${labels} ${number}`];
  })
    .concat("")
    .join("\n");
}

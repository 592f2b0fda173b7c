/** A publication as the policy sees it. */
export interface BrokerMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

export interface Login {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/**
 * What becomes of a publication: `forward` to subscribers; `hold` = acknowledge but give it to nobody (the owner of the
 * broker may publish it later); `refuse` disconnects the sender, as AWS IoT Core does.
 */
export type PublishVerdict = "forward" | "hold" | { readonly refuse: string };

/**
 * Who may do what. `Identity` is what a login stands for, and is handed back with every question.
 * All answers are given at once: a broker that waits for its policy changes the order of messages.
 */
export interface BrokerPolicy<Identity> {
  /** The identity, or why the login is refused (told in the event, never to the client). */
  readonly authenticate: (login: Login) => { readonly identity: Identity } | { readonly refuse: string };
  readonly mayPublish: (identity: Identity, message: BrokerMessage) => PublishVerdict;
  readonly maySubscribe: (identity: Identity, filter: string) => boolean;
}

/** What the broker says of itself. */
export type BrokerEvent =
  | { readonly event: "broker.connected" | "broker.disconnected"; readonly clientId: string }
  | { readonly event: "broker.login-refused"; readonly clientId: string; readonly reason: string }
  | {
      readonly event: "broker.publish-refused" | "broker.subscribe-refused";
      readonly clientId: string;
      readonly topic: string;
      readonly reason: string;
    }
  | { readonly event: "broker.client-error"; readonly clientId: string | null; readonly reason: string };

/** Counted since the broker started; messages are QoS 1 publications unless said otherwise. */
export interface BrokerCounters {
  /** Publications accepted from clients, any QoS. */
  readonly received: number;
  /** Accepted while no durable session wanted them: with such a session absent, nobody will ever get these. */
  readonly unrouted: number;
  /** Copies laid into durable sessions. */
  readonly queued: number;
  readonly delivered: number;
  /** Deliveries repeated after a reconnect. */
  readonly redelivered: number;
  readonly acknowledged: number;
  /** Copies thrown away because their session was discarded: the only way in which this broker loses a message. */
  readonly dropped: number;
  /** Publications and subscriptions refused by the policy. */
  readonly refused: number;
}

export interface SessionState {
  readonly clientId: string;
  readonly connected: boolean;
  /** True once the session has a subscription: from then on it loses nothing. */
  readonly subscribed: boolean;
  readonly waiting: number;
  readonly inFlight: number;
}

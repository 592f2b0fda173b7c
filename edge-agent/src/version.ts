/** The code's own version, reported in every heartbeat: what a deployment says about it proves nothing. */
export const AGENT_VERSION = "0.1.0";

/** This release was built after this, ms since the Unix epoch: a system clock that shows less has not been set. */
export const BUILD_DATE: number = Date.UTC(2026, 0, 1);

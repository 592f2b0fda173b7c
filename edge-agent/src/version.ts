/** The code's own version, reported in every heartbeat: what a deployment says about it proves nothing. */
export const AGENT_VERSION = "0.1.0";

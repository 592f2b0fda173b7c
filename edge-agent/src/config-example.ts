/** The least that a configuration must say; everything else has a default. Shown by `plumbline-agent run --help`. */
export const MINIMAL_CONFIG = {
  twin: { id: "web-line" },
  thing: "line-7",
  instance: "main",
  stateDir: "/var/lib/plumbline",
  source: { mqttUrl: "mqtt://127.0.0.1:1883" },
  uplink: { mqttUrl: "mqtts://broker.example:8883" },
  health: { tokenFile: "health.token" },
} as const;

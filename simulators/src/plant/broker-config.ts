import type { BrokerPolicy } from "../broker/broker-policy.ts";
import { FaultList, readJsonFile } from "../scenario/fault-list.ts";
import { signalOfTopic } from "./reading-message.ts";

/** sensor: publishes readings · agent: takes them. */
export type PlantRole = "sensor" | "agent";

export interface PlantUser {
  readonly username: string;
  readonly password: string;
  readonly role: PlantRole;
}

export interface PlantBrokerConfig {
  readonly host: string;
  readonly port: number;
  readonly window: number;
  readonly users: readonly PlantUser[];
}

/** @throws {FaultsError} BAD_BROKER_CONFIG with every fault. */
export function readPlantBrokerConfig(file: string): PlantBrokerConfig {
  const list = new FaultList();
  const from = list.object(readJsonFile(file, "the plant broker's configuration"), "config", [
    "host",
    "port",
    "window",
    "users",
  ]);
  const config = {
    host: list.text(from["host"] ?? "127.0.0.1", "host", "an address to listen on, such as 127.0.0.1"),
    port: list.number(
      from["port"] ?? 0,
      "port",
      "0 (any free port) to 65535",
      (port) => Number.isInteger(port) && port >= 0 && port < 65_536,
    ),
    window: list.number(
      from["window"] ?? 1_000,
      "window",
      "1 to 10000 messages in flight",
      (size) => Number.isInteger(size) && size > 0 && size <= 10_000,
    ),
    users: list.list(from["users"], "users").map((user, index) => readUser(list, user, `users[${index}]`)),
  };
  list.expect(config.users.length > 0, "users", from["users"], "at least one user");
  list.throwIfAny(
    "BAD_BROKER_CONFIG",
    `the plant broker's configuration ${file}`,
    "mend every line above, then start again",
  );
  return config;
}

function readUser(list: FaultList, value: unknown, path: string): PlantUser {
  const from = list.object(value, path, ["username", "password", "role"]);
  const role = from["role"] as PlantRole;
  list.expect(role === "sensor" || role === "agent", `${path}.role`, role, `"sensor" or "agent"`);
  return {
    username: list.text(from["username"], `${path}.username`, "a user name"),
    password: list.text(from["password"], `${path}.password`, "a password"),
    role,
  };
}

/** Sensors publish readings and nothing else; agents subscribe below `line/` and publish nothing. */
export function plantPolicy(users: readonly PlantUser[]): BrokerPolicy<PlantRole> {
  return {
    authenticate: ({ username, password }) => {
      const user = users.find((known) => known.username === username && known.password === password);
      return user === undefined
        ? { refuse: `no user ${JSON.stringify(username ?? "")} with that password` }
        : { identity: user.role };
    },
    mayPublish: (role, { topic }) => {
      if (role !== "sensor") return { refuse: "agents publish nothing here" };
      return signalOfTopic(topic) === undefined
        ? { refuse: "sensors publish on line/<signal>/reading" }
        : "forward";
    },
    maySubscribe: (role, filter) => role === "agent" && filter.startsWith("line/"),
  };
}

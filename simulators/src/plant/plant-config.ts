import path from "node:path";
import { FaultList, readJsonFile } from "../scenario/fault-list.ts";
import { readScenario, type Scenario } from "../scenario/scenario.ts";
import type { BrokerLogin } from "./mqtt-publisher.ts";

export interface PlantConfig {
  readonly scenario: Scenario;
  readonly broker: BrokerLogin;
  /** The scenario clock's file; its frontier lies beside it. */
  readonly clock: string;
  /** The log of acknowledged readings. */
  readonly published: string;
}

/**
 * Reads the plant's configuration: `{scenario: path | {…}, broker: {url, username, password, clientId?}, clock, published}`.
 * A relative path is meant from the configuration's own folder, one inside the scenario from where the plant is started.
 * @throws {FaultsError} BAD_PLANT_CONFIG or BAD_SCENARIO.
 */
export function readPlantConfig(file: string): PlantConfig {
  const list = new FaultList();
  const from = list.object(readJsonFile(file, "the plant's configuration"), "config", [
    "scenario",
    "broker",
    "clock",
    "published",
  ]);
  const broker = list.object(from["broker"], "broker", ["url", "username", "password", "clientId"]);
  const url = list.text(broker["url"], "broker.url", "an address such as mqtt://127.0.0.1:1883");
  list.expect(
    url === "" || /^mqtts?:\/\//.test(url),
    "broker.url",
    url,
    "an address that begins with mqtt:// or mqtts://",
  );
  const beside = (name: string): string => path.resolve(path.dirname(file), name);
  const { scenario } = from;
  list.expect(scenario !== undefined, "scenario", scenario, "the path of a scenario, or one written out");
  const config = {
    broker: {
      url,
      username: list.text(broker["username"], "broker.username", "a user of the broker"),
      password: list.text(broker["password"], "broker.password", "that user's password"),
      clientId: list.text(broker["clientId"] ?? "plumbline-plant", "broker.clientId", "a client id"),
    },
    clock: beside(list.text(from["clock"], "clock", "a path for the clock file")),
    published: beside(list.text(from["published"], "published", "a path for the log of published readings")),
  };
  list.throwIfAny(
    "BAD_PLANT_CONFIG",
    `the plant's configuration ${file}`,
    "mend every line above, then start again",
  );
  const story = typeof scenario === "string" ? readJsonFile(beside(scenario), "the scenario") : scenario;
  return { ...config, scenario: readScenario(story) };
}

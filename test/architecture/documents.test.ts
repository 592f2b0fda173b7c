import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");
const PAGES = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "test/README.md",
  ...readdirSync(path.join(ROOT, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
  ...readdirSync(path.join(ROOT, "docs/decisions")).map((name) => `docs/decisions/${name}`),
];
/** Shell blocks: what a reader will copy. */
const shellLines = (page: string): string[] =>
  [...read(page).matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => block.split("\n"));

describe("the documents", () => {
  test("are all looked at", () => {
    expect(PAGES.length).toBeGreaterThan(20);
  });

  test.each(PAGES)("%s links only to files that exist", (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = ""]) => target);
    const missing = links.filter((target) => !existsSync(path.resolve(ROOT, path.dirname(page), target)));
    expect(missing).toEqual([]);
  });

  test("name only npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const used = PAGES.flatMap(shellLines).flatMap((line) => /npm (?:run )?([a-z:]+)/.exec(line)?.[1] ?? []);
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter((name) => !(name in scripts) && !["ci", "install"].includes(name))).toEqual([]);
  });

  test("name only plumbline commands that exist", () => {
    const bin = read("bin/plumbline.mjs");
    const used = PAGES.flatMap(shellLines).flatMap(
      (line) => /^(?:npx )?plumbline (?:-- )?([a-z-]+)/.exec(line)?.[1] ?? [],
    );
    expect(used.length).toBeGreaterThan(2);
    expect([...new Set(used)].filter((name) => !new RegExp(`^ {2}"?${name}"?: \\{`, "m").test(bin))).toEqual(
      [],
    );
  });

  test("name every event of the operations page as the sources do", () => {
    const events = [
      ...read("docs/operations.md").matchAll(
        /`((?:agent|config|source|reading|outbox|alarm|uplink|parameters|ingest|planner|publish|recalibrate)\.[a-z-]+)`/g,
      ),
    ].map(([, name = ""]) => name);
    const sources = read("edge-agent/src/events.ts") + read("cloud/src/events.ts");
    expect(events.length).toBeGreaterThan(15);
    expect(events.filter((name) => !sources.includes(`"${name}"`))).toEqual([]);
  });

  test("the README shows what the demo prints, in its own words", () => {
    const [, shown = ""] =
      /<!-- output of: npm run demo.*-->\n```text\n([\s\S]*?)```/.exec(read("README.md")) ?? [];
    const story =
      read("simulators/src/drill/story.ts") +
      read("simulators/src/drill/demo.ts") +
      read("simulators/src/drill/scoreboard.ts");
    const words = [
      "readings published; true drags",
      "residual alarm on chart",
      "tried and committed",
      "the uplink is cut for",
      "kill -9 of the agent",
      "readings replayed from its journal",
      "the loop closed",
    ];
    for (const word of words) {
      expect(shown).toContain(word);
      expect(story).toContain(word);
    }
  });
});

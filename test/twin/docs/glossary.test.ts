import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const SOURCES = path.join(ROOT, "twin/src");

/** All code of `twin/src` without its comments: a name that only a comment mentions does not count. */
const code = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) =>
    readFileSync(path.join(SOURCES, file), "utf8")
      .replaceAll(/\/\*[\s\S]*?\*\//g, "")
      .replaceAll(/\/\/.*$/gm, ""),
  )
  .join("\n");

const rows = readFileSync(path.join(ROOT, "docs/glossary.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| (?!symbol|---)/.test(line))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe("the glossary", () => {
  test("has a symbol, a name, a meaning and a unit in every row", () => {
    expect(rows.length).toBeGreaterThan(60);
    for (const row of rows) {
      expect(row, row.join(" | ")).toHaveLength(4);
      expect(
        row.every((cell) => cell.length > 0),
        row.join(" | "),
      ).toBe(true);
      expect(row[1], row.join(" | ")).toMatch(/`[^`]+`/);
    }
  });

  const names = [
    ...new Set(rows.flatMap(([, name]) => [...name!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!))),
  ];

  test.each(names)("%s is a name of twin/src", (name) => {
    expect(new RegExp(`(?<![\\w#])${name.replace("#", "#")}(?!\\w)`).test(code)).toBe(true);
  });

  test("a name that is nowhere would be found out", () =>
    expect(code.includes("thisNameStandsNowhere")).toBe(false));
});

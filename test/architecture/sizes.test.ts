import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { ROOT, WORKSPACES } from "./cruise.ts";

const FILE_LINES = 300;
/** A tall screen. `describe` blocks are lists of tests and have no limit of their own. */
const FUNCTION_LINES = 60;

const files = [...WORKSPACES.map((name) => `${name}/src`), "bin", "test"].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => path.join(folder, name)),
);
const text = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");
const lineCount = (content: string): number => content.replace(/\n$/, "").split("\n").length;

interface Extent {
  readonly name: string;
  readonly lines: number;
}

const isDescribe = (node: ts.Node): boolean =>
  ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText());

/** Every function of a source with its length in lines. */
function functionsOf(file: string, content: string): Extent[] {
  const source = ts.createSourceFile(file, content, ts.ScriptTarget.ES2023, true);
  const found: Extent[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined && !isDescribe(node)) {
      const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
      const last = source.getLineAndCharacterOfPosition(node.end).line;
      found.push({ name: `${file}:${first + 1}`, lines: last - first + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe("a reader's patience", () => {
  test(`no file has more than ${FILE_LINES} lines`, () => {
    expect(files.length).toBeGreaterThan(40);
    expect(
      files.map((file) => ({ file, lines: lineCount(text(file)) })).filter(({ lines }) => lines > FILE_LINES),
    ).toEqual([]);
  });

  test(`no function has more than ${FUNCTION_LINES} lines`, () => {
    const functions = files.flatMap((file) => functionsOf(file, text(file)));
    expect(functions.length).toBeGreaterThan(files.length);
    expect(functions.filter(({ lines }) => lines > FUNCTION_LINES)).toEqual([]);
  });

  test("a function of 61 lines is seen, in whatever form it is written", () => {
    const body = "\n  x();".repeat(59);
    const source = `function a() {${body}\n}\nconst b = () => {${body}\n};\nclass C { m() {${body}\n} }\n`;
    expect(functionsOf("planted.ts", source).filter(({ lines }) => lines > FUNCTION_LINES)).toHaveLength(3);
  });
});

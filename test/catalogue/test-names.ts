import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname, "..");

/** Every test of the project by its file (below `test/`, with slashes), its name as it is written there. */
export function testNames(): ReadonlyMap<string, ReadonlySet<string>> {
  const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return new Map(files.map((file) => [file.replaceAll("\\", "/"), namesIn(join(ROOT, file))]));
}

/** The first argument of each `test(…)`, `test.each(…)(…)` and the like, where it is written out. */
function namesIn(file: string): ReadonlySet<string> {
  const source = ts.createSourceFile(relative(ROOT, file), readFileSync(file, "utf8"), ts.ScriptTarget.ES2023, false);
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const name = node.arguments[0];
      // What `test.each` is given is no name.
      if (name && (ts.isStringLiteralLike(name) || ts.isTemplateExpression(name))) names.add(textOf(name, source));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === "test";
  if (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) return isTest(callee.expression);
  return false;
}

function textOf(name: ts.Expression, source: ts.SourceFile): string {
  return ts.isStringLiteralLike(name) ? name.text : name.getText(source).replace(/^`|`$/g, "");
}

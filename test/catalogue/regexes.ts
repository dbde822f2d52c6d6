import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const SRC = join(import.meta.dirname, "../../src");

export interface FoundRegex {
  readonly where: string;
  readonly regex: RegExp;
}

/** Every regular expression written in src, but for what is generated. */
export function regexesOfSource(): readonly FoundRegex[] {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.includes("generated"),
  );
  return files.flatMap((file) => regexesIn(file));
}

function regexesIn(file: string): readonly FoundRegex[] {
  const source = ts.createSourceFile(file, readFileSync(join(SRC, file), "utf8"), ts.ScriptTarget.ES2023, true);
  const found: FoundRegex[] = [];
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.RegularExpressionLiteral) {
      const text = node.getText(source);
      const end = text.lastIndexOf("/");
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push({ where: `${file}:${line + 1}`, regex: new RegExp(text.slice(1, end), text.slice(end + 1)) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What makes readers try again and again: each letter that the expression names, and its likely neighbours, repeated to `length`. */
export function pumps({ regex }: FoundRegex, length: number): readonly string[] {
  const literals = regex.source.match(/[A-Za-z0-9_ ;,:=%&"'@./-]{1,30}/g) ?? [];
  const units = new Set([
    " ",
    "\t",
    "\n",
    "a",
    "A",
    "0",
    "-",
    ";",
    "=",
    ",",
    "%",
    ";a=",
    ' "',
    "a.",
    "\ud83d",
    ...literals,
  ]);
  const text = (unit: string) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  const starts = ["", ...literals.slice(0, 4)];
  return [...units].flatMap((unit) => starts.map((start) => `${start}${text(unit)}\u0001`));
}

/** Everything it finds in the text. */
export function search({ regex }: FoundRegex, text: string): void {
  regex.lastIndex = 0;
  text.replace(regex, "");
}

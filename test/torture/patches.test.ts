import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MUTATIONS, PACE, STEPS } from "../../torture/servers/patches.mjs";

const SOURCES = join(import.meta.dirname, "../../src");

const EDITS = [
  ...PACE.map((edit) => ({ name: "the pace", ...edit })),
  ...Object.entries(STEPS).map(([name, edit]) => ({ name, ...edit })),
  ...Object.entries(MUTATIONS).flatMap(([name, edits]) => edits.map((edit) => ({ name, ...edit }))),
];

test.each(EDITS)("$name has its place in $file, once", ({ file, find }) => {
  const source = readFileSync(join(SOURCES, file), "utf8");
  expect(source.split(find)).toHaveLength(2);
});

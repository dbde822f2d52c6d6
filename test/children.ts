import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { bundle } from "../scripts/bundle.mjs";

declare module "vitest" {
  export interface ProvidedContext {
    /** The folder in which the built children are. */
    children: string;
  }
}

/** Programs that tests start as processes of their own, to be killed. */
const CHILDREN = {
  "journal-child": "test/store/journal-child.ts",
  "issuing-child": "test/store/issuing-child.ts",
  "poison-child": "test/pipeline/poison-child.ts",
};

/** Builds them once for the whole run: from their sources each start would compile the whole store again. */
export async function setup(project: TestProject): Promise<() => void> {
  // Within the project, so that they find the packages that stay outside of a bundle.
  const cache = fileURLToPath(new URL("../node_modules/.cache/", import.meta.url));
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "paybell-children-"));
  await bundle({ entries: Object.values(CHILDREN), into: folder });
  project.provide("children", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

/** The arguments of `node` that start it. */
export function child(name: keyof typeof CHILDREN, ...args: readonly string[]): readonly string[] {
  return [join(inject("children"), `${name}.js`), ...args];
}

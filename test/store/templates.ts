import type { TestProject } from "vitest/node";
import { migrate } from "../../src/store/migrate.ts";
import { availableDialects, createEmptyDatabase, type DialectName } from "./databases.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** URLs of migrated databases to copy, which nobody opens. */
    templates: Readonly<Partial<Record<DialectName, string>>>;
  }
}

/** Migrates a database of each kind once for the whole run: a copy takes a third of the time. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dialects = (await availableDialects()).filter(({ skip }) => skip === null);
  const made = await Promise.all(dialects.map(({ dialect }) => createEmptyDatabase(dialect)));
  for (const { url } of made) await migrate(url);
  project.provide("templates", Object.fromEntries(made.map(({ dialect, url }) => [dialect, url])));
  return async () => {
    await Promise.all(made.map((database) => database.drop()));
  };
}

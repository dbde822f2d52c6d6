import { describe } from "vitest";
import { availableDialects, createDatabase, type TestDatabase } from "../store/databases.ts";

const DIALECTS = await availableDialects();

interface Options {
  /** On both at the same time, where the tests mostly wait. */
  readonly atOnce?: boolean;
}

/** The same tests on SQLite and on PostgreSQL; where there is none, they are skipped under the reason's name. */
export function describeOnEachDatabase(
  title: string,
  tests: (open: () => Promise<TestDatabase>) => void,
  { atOnce = false }: Options = {},
): void {
  for (const { dialect, skip } of DIALECTS) {
    const name = skip === null ? `${title} on ${dialect}` : `${title} on ${dialect} (${skip})`;
    describe.skipIf(skip !== null)(name, { concurrent: atOnce }, () => tests(() => createDatabase(dialect)));
  }
}

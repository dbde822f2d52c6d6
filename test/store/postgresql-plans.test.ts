import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { POSTGRESQL } from "../../src/store/dialect.ts";
import { BY_KEY } from "../../src/store/postgresql/pool.ts";
import { type Asked, JOURNALED, journaled, read, written } from "./batch-statements.ts";
import { availableDialects, createDatabase, type TestDatabase } from "./databases.ts";

const skip = (await availableDialects()).find(({ dialect }) => dialect === "postgresql")?.skip ?? null;

/**
 * How PostgreSQL goes about what each batch asks, in plans that it keeps: made on a new database, whose tables are empty and have
 * no statistics, and used when they are large.
 */
describe.skipIf(skip !== null)(`plans that are kept${skip === null ? "" : ` (${skip})`}`, () => {
  let database: TestDatabase;
  let client: Client;
  let statements = 0;

  beforeAll(async () => {
    database = await createDatabase("postgresql");
    client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(`${BY_KEY}; set plan_cache_mode = force_generic_plan`);
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  test("what a batch writes is found by its keys, however many rows there will be", async () => {
    const asked = await written(POSTGRESQL);
    expect(asked.length).toBeGreaterThan(20);
    expect(await wholeReads(asked)).toEqual([]);
  });

  test("what a batch reads is found by its keys", async () => {
    const asked = await read(POSTGRESQL);
    expect(asked.length).toBeGreaterThan(20);
    expect(await wholeReads(asked)).toEqual([]);
  });

  test("what is journaled meets what is there by its key", async () => {
    const asked = await journaled(POSTGRESQL);
    expect(asked.map(({ during }) => during).sort()).toEqual(JOURNALED);
    expect(await wholeReads(asked)).toEqual([]);
  });

  /** The tables of which a statement's plan reads everything, or everything that an index holds. */
  async function wholeReads(asked: readonly Asked[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { during, sql } of asked) {
      statements += 1;
      const name = `p${statements}`;
      await client.query(`prepare ${name} as ${sql}`);
      const parameters = Math.max(0, ...[...sql.matchAll(/\$(\d)/g)].map(([, number]) => Number(number)));
      const values = parameters === 0 ? "" : `(${Array(parameters).fill("null").join(", ")})`;
      const { rows } = await client.query(`explain (format json) execute ${name}${values}`);
      for (const node of nodesOf(rows[0]["QUERY PLAN"][0].Plan))
        if (isWhole(node)) found.push(`${during}: ${told(node)}`);
    }
    return found;
  }
});

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly Plans?: readonly PlanNode[];
}

const FEW: ReadonlySet<string> = new Set(["receivers", "flags"]);

function nodesOf(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

function isWhole(node: PlanNode): boolean {
  // Receivers are few, and so are flags: they are read whole where payments turn out to be one, until there are statistics.
  if (FEW.has(node["Relation Name"] ?? "")) return false;
  const type = node["Node Type"];
  return type === "Seq Scan" || (/^(?:Bitmap )?Index (?:Only )?Scan$/.test(type) && node["Index Cond"] === undefined);
}

function told(node: PlanNode): string {
  return [node["Node Type"], node["Relation Name"], node["Index Name"]].filter(Boolean).join(" ");
}

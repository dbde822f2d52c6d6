import type { Database } from "./session.ts";
import type { Store } from "./store.ts";

/** Keys that the service makes for itself, once for all its processes. */
export function secretsOf(database: Database, now: () => Date): Store["secrets"] {
  const { dialect } = database;
  const insert = `insert into secrets (name, value, created_at) values ($1, $2, ${dialect.timeParameter(3)})
    on conflict (name) do nothing`;
  const find = async (name: string): Promise<string | undefined> => {
    const sql = "select value from secrets where name = $1";
    const [row] = await database.reads.query<{ value: string }>("secrets.get", sql, name);
    return row?.value;
  };
  return {
    async getOrMake(name, make) {
      const known = await find(name);
      if (known !== undefined) return known;
      // Of two processes that start at once the first one's stands.
      await database.write("work", (session) =>
        session.execute("secrets.put", insert, name, make(), dialect.time(now())),
      );
      const made = await find(name);
      if (made === undefined) throw new Error(`the secret ${name} was stored and is not there`);
      return made;
    },
  };
}

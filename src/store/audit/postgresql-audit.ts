import { PrismaPg } from "@prisma/adapter-pg";
import { POSTGRESQL } from "../dialect.ts";
import { storeError } from "../errors.ts";
import { PrismaClient } from "../generated/postgresql/client.ts";
import { openPool } from "../postgresql/pool.ts";
import { rawSession } from "../raw-session.ts";
import type { Session } from "../session.ts";
import type { AuditDatabase } from "./audit-database.ts";

const BOUNDS = { maxWait: 8_000, timeout: 15_000 } as const;

/** Two connections beside those of the servers, with the same bounds on every statement. */
export async function openPostgresqlAudit(url: string, writing: boolean): Promise<AuditDatabase> {
  const pool = openPool({ url, max: writing ? 2 : 1, plans: "any", onError: () => undefined });
  const adapter = new PrismaPg(pool, { onConnectionError: () => undefined, disposeExternalPool: true });
  const client = new PrismaClient({ adapter, errorFormat: "minimal" });
  const run = async <Result>(
    isolationLevel: "RepeatableRead" | "ReadCommitted",
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await client.$transaction(
        async (transaction) => {
          if (isolationLevel === "RepeatableRead") await transaction.$executeRawUnsafe("set transaction read only");
          return work(rawSession({ client: transaction, placeholders: (sql) => sql }));
        },
        { ...BOUNDS, isolationLevel },
      );
    } catch (error) {
      throw error instanceof Error && error.constructor.name.startsWith("PrismaClient")
        ? storeError(error, "transaction")
        : error;
    }
  };
  return {
    dialect: POSTGRESQL,
    snapshot: (work) => run("RepeatableRead", work),
    repair: (work) => run("ReadCommitted", work),
    close: () => client.$disconnect(),
  };
}

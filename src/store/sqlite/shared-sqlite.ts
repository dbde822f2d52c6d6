import { SQLITE } from "../dialect.ts";
import type { Transactions } from "../session.ts";
import type { SharedStore } from "../store.ts";
import { libsqlClient } from "./libsql-client.ts";
import { inTransaction } from "./sqlite-transaction.ts";
import { TurnsClient } from "./turns-port.ts";
import { WriterClient } from "./writer-client.ts";

/** The file's transactions in another thread than the one that opened it: statements go to the writer's thread directly. */
export function openSharedSqlite(shared: Extract<SharedStore, { dialect: "sqlite" }>): Transactions {
  const writer = libsqlClient(new WriterClient(shared.statements));
  const turns = new TurnsClient(shared.turns);
  return {
    dialect: SQLITE,
    transaction: (work) => turns.exclusively(() => inTransaction(writer, turns, work)),
    close: async () => {
      shared.statements.close();
      shared.turns.close();
    },
  };
}

import { SQLITE } from "../dialect.ts";
import type { Transactions } from "../session.ts";
import type { SharedStore } from "../store.ts";
import { inTransaction } from "./sqlite-transaction.ts";
import { WriterClient } from "./writer-client.ts";

/** The file's transactions in another thread than the one that opened it: statements go to the writer's thread directly. */
export function openSharedSqlite({ port }: Extract<SharedStore, { dialect: "sqlite" }>): Transactions {
  const writer = new WriterClient(port);
  return {
    dialect: SQLITE,
    transaction: (work) => inTransaction(writer, work),
    close: async () => port.close(),
  };
}

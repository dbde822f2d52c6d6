import { describe } from "vitest";
import { claimContract } from "./contract/claims.ts";
import { documentContract } from "./contract/documents.ts";
import { eventContract } from "./contract/events.ts";
import { journalContract } from "./contract/journal.ts";
import { listContract } from "./contract/lists.ts";
import { operationsContract } from "./contract/operations.ts";
import { outboxContract } from "./contract/outbox.ts";
import { readContract } from "./contract/reads.ts";
import { retentionContract } from "./contract/retention.ts";
import { transactionContract } from "./contract/transactions.ts";
import type { DialectName } from "./databases.ts";

/** What both databases promise alike: the port's docstrings, each sentence of them. */
export function storeContract(dialect: DialectName): void {
  describe(`the store on ${dialect}`, () => {
    journalContract(dialect);
    claimContract(dialect);
    transactionContract(dialect);
    readContract(dialect);
    listContract(dialect);
    operationsContract(dialect);
    retentionContract(dialect);
    eventContract(dialect);
    documentContract(dialect);
    outboxContract(dialect);
  });
}

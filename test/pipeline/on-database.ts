import { Rules } from "../../src/pipeline/rules.ts";
import { check } from "../../src/recovery/check.ts";
import { openAudit } from "../../src/store/audit/open-audit.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import type { TestDatabase } from "../store/databases.ts";
import { type Running, run, stripeAccount } from "./running.ts";

const now = (): Date => new Date();

/** A pipeline on a fresh database, and what `paybell check` finds in it. */
export async function withRunning(
  open: () => Promise<TestDatabase>,
  work: (parts: { store: Store; running: Running; findings: () => Promise<readonly unknown[]> }) => Promise<void>,
): Promise<void> {
  const database = await open();
  const store = await openStore({ url: database.url, now });
  const running = run(store);
  try {
    await work({
      store,
      running,
      findings: async () => {
        const audit = await openAudit({ url: database.url, now });
        try {
          return (await check({ audit, rules: new Rules([stripeAccount()]), now })).findings.kept;
        } finally {
          await audit.close();
        }
      },
    });
  } finally {
    await running.stop(5_000);
    await store.close();
    await database.drop();
  }
}

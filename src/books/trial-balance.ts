import type { Currency } from "../payments/money.ts";
import type { LedgerSum } from "../store/reading.ts";

/** Minor units: debits, credits, and what is left of the one after the other. */
interface Sums {
  readonly live: boolean;
  readonly currency: Currency;
  readonly debits: bigint;
  readonly credits: bigint;
  readonly balance: bigint;
}

export interface TrialBalance {
  readonly accounts: readonly (Sums & { readonly account: string })[];
  /** One for each currency of each mode; currencies are never added up. The balance is 0 wherever the books are right. */
  readonly totals: readonly Sums[];
}

export function trialBalance(sums: readonly LedgerSum[]): TrialBalance {
  const totals = new Map<string, Sums>();
  for (const { live, currency, debits, credits } of sums) {
    const name = `${live} ${currency}`;
    const known = totals.get(name) ?? { debits: 0n, credits: 0n };
    const all = { debits: known.debits + debits, credits: known.credits + credits };
    totals.set(name, { live, currency, ...all, balance: all.debits - all.credits });
  }
  return {
    accounts: sums.map(({ live, account, currency, debits, credits }) => ({
      ...{ live, account, currency, debits, credits },
      balance: debits - credits,
    })),
    totals: [...totals.values()],
  };
}

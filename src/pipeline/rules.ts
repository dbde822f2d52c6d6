import type { AccountConfig } from "../gateways/account.ts";
import { EFFECT_NAMES, type EffectName } from "../payments/effect-name.ts";
import type { Scope } from "../payments/fact.ts";
import type { AccountRules } from "../payments/state.ts";
import { STOCK_RETURNS, type StockReturn } from "../payments/stock.ts";

/** The provider of money that was recorded by hand. */
export const OUTSIDE = "outside";

/** What follows from payments and orders, as configured. */
export interface Following {
  readonly effects: ReadonlySet<EffectName>;
  /** What gives an order's goods back to the stock. */
  readonly stockReturns: ReadonlySet<StockReturn>;
}

const EVERYTHING: Following = { effects: new Set(EFFECT_NAMES), stockReturns: new Set(STOCK_RETURNS) };

/** What is expected of each account's payments, and what follows from them, from the configuration. */
export class Rules implements Following {
  readonly effects: ReadonlySet<EffectName>;
  readonly stockReturns: ReadonlySet<StockReturn>;
  readonly #byAccount: ReadonlyMap<string, AccountRules>;
  readonly #outside: AccountRules;

  constructor(accounts: readonly AccountConfig[], following: Following = EVERYTHING) {
    this.effects = following.effects;
    this.stockReturns = following.stockReturns;
    this.#byAccount = new Map(accounts.map((account) => [`${account.provider}/${account.id}`, account]));
    this.#outside = {
      live: accounts.some((account) => account.live),
      receivers: [],
      merchants: [],
      orders: "optional",
    };
  }

  /** The past payments of an account that is no longer configured keep counting; there is nothing left to compare them with. */
  of(account: string, provider: string): AccountRules {
    if (provider === OUTSIDE) return this.#outside;
    return this.#byAccount.get(`${provider}/${account}`) ?? this.#outside;
  }

  readonly ofScope = ({ account, provider }: Scope): AccountRules => this.of(account, provider);
}

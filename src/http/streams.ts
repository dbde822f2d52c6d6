import { Budget } from "./budget.ts";

/** How many streams this process keeps open at once; each costs a socket and some kilobytes. */
export interface Streams {
  /** `GET /v1/events/stream`: a merchant's few systems. */
  readonly events: Budget;
  /** Buyers' pages. Behind a proxy that was not declared, or a mobile network, many buyers share one address. */
  readonly pages: Budget;
  /** Files on their way to buyers, by network. */
  readonly transfers: Budget;
  /** The same by link: what a browser and its download manager need, and not what a whole forum does. */
  readonly transfersOfLink: Budget;
}

/** Each an open file and a few buffers. */
const TRANSFERS = 500;

export function streamBudgets(): Streams {
  return {
    events: new Budget({ total: 100, perNetwork: 100 }),
    pages: new Budget({ total: 2_000, perNetwork: 200 }),
    transfers: new Budget({ total: TRANSFERS, perNetwork: 40 }),
    transfersOfLink: new Budget({ total: TRANSFERS, perNetwork: 8 }),
  };
}

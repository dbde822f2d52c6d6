import type { OrderState } from "./state.ts";

/** What an order takes from the stock: a pure function of its state, compared with what it has taken so far. */

/** What gives an order's goods back to the stock. */
export const STOCK_RETURNS = ["canceled", "refunded"] as const;
export type StockReturn = (typeof STOCK_RETURNS)[number];

/** Pieces by SKU. */
export type Pieces = ReadonlyMap<string, number>;

/** What one order has taken so far. */
export interface OrderStock {
  /** How often it moved something. */
  readonly version: number;
  /** Pieces by SKU; null: nobody kept count of the SKU when the order took it, so the order never moves it. */
  readonly taken: ReadonlyMap<string, number | null>;
}

export const NOTHING_TAKEN: OrderStock = { version: 0, taken: new Map() };

/** How much of a SKU there is. Test orders have levels of their own. */
export interface StockLevel {
  readonly live: boolean;
  readonly sku: string;
  /** Below zero: more was sold than there was. */
  readonly onHand: number;
  readonly lowAt: number | null;
  /** The number of its movements. */
  readonly sequence: number;
  /** Since when it is kept count of, ms since 1970 UTC. */
  readonly createdAt: number;
}

/** One change of a level. Their sum is the level. */
export interface StockMovement {
  readonly live: boolean;
  readonly sku: string;
  /** From 1 without gaps, of each SKU and mode. */
  readonly sequence: number;
  readonly delta: number;
  /** After it, and the threshold that stood then. */
  readonly onHand: number;
  readonly lowAt: number | null;
  /** An order took what was not there. A decision: it depends on who came first. */
  readonly oversold: boolean;
  readonly cause: MovementCause;
}

export type MovementCause =
  /** `version` counts the movements of the order. */
  | { readonly kind: "order"; readonly order: string; readonly version: number; readonly status: string }
  | { readonly kind: "loaded"; readonly input: string; readonly by: string; readonly reason: string };

/**
 * The whole of its lines once it was paid in full, held or disputed or partly refunded since: what may have been shipped is
 * not taken back by a doubt, and nobody knows which piece a partial refund was for. What was lost to a dispute is gone.
 */
export function stockTarget(state: OrderState, returns: ReadonlySet<StockReturn>): Pieces {
  const { expectation } = state;
  if (expectation === null || state.paid < expectation.total || !takes(state, returns)) return new Map();
  const pieces = new Map<string, number>();
  for (const { sku, quantity } of expectation.lines) pieces.set(sku, (pieces.get(sku) ?? 0) + quantity);
  return pieces;
}

function takes({ status }: OrderState, returns: ReadonlySet<StockReturn>): boolean {
  switch (status) {
    case "paid":
    case "overpaid":
    case "partially_refunded":
    case "disputed":
    case "charged_back":
      return true;
    case "refunded":
    case "canceled":
      return !returns.has(status);
    case "unregistered":
    case "open":
    case "partially_paid":
    case "expired":
      return false;
  }
}

/** What the order has yet to take of each SKU, sorted by it; below zero it gives back. Without SKUs that it never moves. */
export function stockDue(target: Pieces, { taken }: OrderStock): Pieces {
  const skus = [...new Set([...target.keys(), ...taken.keys()])].sort();
  const due = skus.flatMap((sku) => {
    const before = taken.get(sku);
    if (before === null) return [];
    return [[sku, (target.get(sku) ?? 0) - (before ?? 0)] as const];
  });
  return new Map(due.filter(([, pieces]) => pieces !== 0));
}

export function isLow({ onHand, lowAt }: Pick<StockLevel, "onHand" | "lowAt">): boolean {
  return lowAt !== null && onHand <= lowAt;
}

/** JSON with a list of pairs: a SKU may have any name, also one that objects have. */
export function encodeOrderStock({ version, taken }: OrderStock): string {
  return JSON.stringify({ version, taken: [...taken] });
}

export function decodeOrderStock(text: string): OrderStock {
  // Proven by the pair: `encodeOrderStock` wrote it.
  const { version, taken } = JSON.parse(text) as {
    readonly version: number;
    readonly taken: readonly (readonly [string, number | null])[];
  };
  return { version, taken: new Map(taken) };
}

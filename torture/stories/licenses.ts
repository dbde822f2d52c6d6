import { CANARY, type Story } from "./story.ts";

/** What some orders give besides: keys of one pool that is short of them for as long as the faults last, and a link. */

export const POOL = "torture";
/** Where the link leads: nobody goes there. */
export const FORWARD = "https://files.example/tea";

export interface Goods {
  readonly units: number;
  /** Loaded with the order's registration: of a third of the orders too few, so that others wait for them. */
  readonly keys: readonly string[];
}

/** Of about every fourth order; the same whoever asks. */
export function goodsOf({ reference }: Story["order"]): Goods | null {
  const sum = [...reference].reduce((all, character) => all + character.charCodeAt(0), 0);
  if (sum % 4 !== 0) return null;
  const units = 1 + ((sum / 4) % 3);
  const loaded = (sum / 4) % 3 === 0 ? 0 : units;
  return { units, keys: Array.from({ length: loaded }, (_, index) => `${CANARY}-${reference}-${index}`) };
}

export function goodsLines(order: Story["order"]) {
  const goods = goodsOf(order);
  if (goods === null) return [];
  return [
    { sku: "KEY", name: "Key", quantity: goods.units, amount: 0, license: POOL },
    { sku: "LINK", name: "Link", quantity: 1, amount: 0, download: { url: FORWARD } },
  ];
}

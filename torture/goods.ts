import { type Answer, send } from "./gateways/http.ts";
import type { Story } from "./stories/story.ts";

/** What the shop counts: so much tea that some is always left, and so few cups that most are sold beyond what is there. */

export const COUNTED: Readonly<Record<string, number>> = { TEA: 400, CUP: 5 };

export interface Pieces {
  readonly sku: string;
  readonly quantity: number;
}

/** What the order names, by nothing but its reference; `PDF` is counted by nobody. */
export function linesOf(reference: string): readonly Pieces[] {
  const number = numberOf(reference);
  const cups = number % 2 === 0 ? [{ sku: "CUP", quantity: 1 }] : [];
  return [{ sku: "TEA", quantity: (number % 3) + 1 }, ...cups, { sku: "PDF", quantity: 1 }];
}

/** With every seventh registration some tea is delivered to the shop. */
export function deliveryOf(reference: string): Pieces | null {
  return numberOf(reference) % 7 === 0 ? { sku: "TEA", quantity: 2 } : null;
}

function numberOf(reference: string): number {
  return [...reference].reduce((sum, character) => sum + character.charCodeAt(0), 0);
}

/** Delivered once, however often it is said. */
export function deliver(url: string, token: string, reference: string, { sku, quantity }: Pieces): Promise<Answer> {
  return load(url, token, { method: "POST", sku, content: { reference, change: quantity } });
}

/** The first count, in peace. */
export async function countGoods(url: string, token: string): Promise<void> {
  for (const [sku, level] of Object.entries(COUNTED)) {
    const answer = await load(url, token, {
      method: "PUT",
      sku,
      content: { reference: `first ${sku}`, level, lowAt: 3 },
    });
    if (answer.kind !== "status" || answer.status !== 200) throw new Error(`the stock of ${sku} could not be set`);
  }
}

function load(
  url: string,
  token: string,
  { method, sku, content }: { readonly method: "PUT" | "POST"; readonly sku: string; readonly content: object },
): Promise<Answer> {
  return send(`${url}/v1/stock/${sku}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: Buffer.from(JSON.stringify({ ...content, by: "Ann", reason: "counted" })),
  });
}

/** Pieces that the order has for good, by the plain reference's end of it. */
export function takenBy(order: Story["order"], end: { readonly status: string; readonly paid: number }, due: number) {
  const keeps = ["paid", "overpaid", "partially_refunded", "disputed", "charged_back"].includes(end.status);
  return keeps && end.paid >= due ? linesOf(order.reference).filter(({ sku }) => sku in COUNTED) : [];
}

import { deliver, deliveryOf, linesOf } from "../goods.ts";
import { goodsLines, goodsOf, POOL } from "../stories/licenses.ts";
import type { Command, Story } from "../stories/story.ts";
import { type Answer, isAccepted, send } from "./http.ts";

/** The merchant's systems and the person in the shop: what they ask of the API, once. Repeating it changes nothing more. */

/** `not_yet`: nothing failed; what it is about is not there yet, so it is asked again soon. */
export type ShopAnswer = Answer | { readonly kind: "not_yet" };

const NOT_YET: ShopAnswer = { kind: "not_yet" };
const DONE: ShopAnswer = { kind: "status", status: 200, text: "" };

export class Shop {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  /** With what is delivered to the shop meanwhile, and the keys that come with it; all of it again changes nothing. */
  async register(url: string, order: Story["order"]): Promise<ShopAnswer> {
    const delivery = deliveryOf(order.reference);
    const delivered = delivery && (await deliver(url, this.#token, order.reference, delivery));
    if (delivered && !isAccepted(delivered)) return delivered;
    const { reference, total, currency, mode, isRecurring, expiresAt, email } = order;
    const answer = await this.#ask(`${url}/v1/orders`, {
      reference,
      total,
      currency,
      payments: mode,
      recurring: isRecurring,
      expiresAt: expiresAt === null ? null : iso(expiresAt),
      customer: email === null ? null : { email },
      lines: [
        ...linesOf(reference).map((pieces) => ({ ...pieces, name: pieces.sku, amount: 0 })),
        ...goodsLines(order),
      ],
    });
    const keys = goodsOf(order)?.keys ?? [];
    if (!isAccepted(answer) || keys.length === 0) return answer;
    return this.#ask(`${url}/v1/licenses/${POOL}`, { keys });
  }

  async do(url: string, order: Story["order"], command: Command): Promise<ShopAnswer> {
    const place = `${url}/v1/orders/${order.reference}`;
    switch (command.what) {
      case "cancel":
        return onceThere(await this.#ask(`${place}/cancel`, { reason: "changed their mind" }));
      case "change_total":
        return this.#change(place, command.total);
      case "see_expired":
        return this.#until(place, ({ status }) => status === "expired");
      case "record": {
        const { reference, method, amount, at } = command;
        const who = { by: "Ann", reason: "bank statement" };
        const money = { reference, method, amount, currency: order.currency, at: iso(at), ...who };
        return onceThere(await this.#ask(`${place}/payments`, money));
      }
      case "accept":
      case "reject":
        return this.#decide(url, command);
    }
  }

  /** A change whose answer was lost is refused when it is made again: then the order says whether it was made. */
  async #change(place: string, total: number): Promise<ShopAnswer> {
    const answer = await this.#ask(place, { version: 1, total }, "PATCH");
    if (answer.kind !== "status" || answer.status !== 409) return onceThere(answer);
    return this.#until(place, (order) => order.total === total);
  }

  /** Looks until the payment is held, then says what it is. */
  async #decide(url: string, { what, reference }: { what: "accept" | "reject"; reference: string }) {
    const found = await this.#ask(`${url}/v1/payments?reference=${reference}`, null, "GET");
    if (!isAccepted(found)) return found;
    const [payment] = paymentsIn(found);
    if (!payment) return NOT_YET;
    const { held, counts, captured } = payment;
    const isDecided = what === "accept" ? counts && captured > 0 : held.includes("rejected");
    if (isDecided) return DONE;
    if (held.length === 0) return NOT_YET;
    return onceThere(
      await this.#ask(`${url}/v1/payments/${payment.id}/${what}`, { by: "Ann", reason: "looked at it" }),
    );
  }

  async #until(place: string, isSo: (order: Readonly<Record<string, unknown>>) => boolean): Promise<ShopAnswer> {
    const answer = await this.#ask(place, null, "GET");
    if (!isAccepted(answer)) return onceThere(answer);
    return isSo(objectIn(answer)) ? answer : NOT_YET;
  }

  #ask(url: string, content: unknown, method: "POST" | "GET" | "PATCH" = "POST"): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.#token}` };
    if (method === "GET") return send(url, { method, headers });
    const body = Buffer.from(JSON.stringify(content));
    return send(url, { method, headers: { ...headers, "content-type": "application/json" }, body });
  }
}

/** Before the order is registered everything about it is 404. */
function onceThere(answer: Answer): ShopAnswer {
  return answer.kind === "status" && answer.status === 404 ? NOT_YET : answer;
}

interface ShownPayment {
  readonly id: string;
  readonly counts: boolean;
  readonly held: readonly string[];
  readonly captured: number;
}

function paymentsIn(answer: Answer): readonly ShownPayment[] {
  // Proven: README.md says what a list of payments has; a member that is missing makes the loop go on, and that is found.
  return (objectIn(answer).data ?? []) as readonly ShownPayment[];
}

function objectIn(answer: Answer): Readonly<Record<string, unknown>> {
  // Proven: the API answers 200 with an object; its members are looked at one by one.
  return (answer.kind === "status" ? JSON.parse(answer.text) : {}) as Readonly<Record<string, unknown>>;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

import type { NewReceiver, OutboxStore, Receiver } from "../store/outbox.ts";
import type { EventView } from "../store/store.ts";
import type { EndpointAnswer, Endpoints, EndpointWanted, WithSecret } from "./outbox.ts";
import type { WebhookCourier } from "./webhook/courier.ts";
import type { Guard } from "./webhook/guard.ts";
import { newSigningSecret } from "./webhook/signature.ts";

export interface EndpointParts {
  readonly outbox: OutboxStore;
  readonly guard: Guard;
  readonly courier: Pick<WebhookCourier, "send">;
  /** Something may be due: an endpoint was enabled. */
  readonly wake: () => void;
  readonly now: () => Date;
  readonly newId: (prefix: "evt" | "ep") => string;
}

/** Each costs a look at every round. */
const MAX_ENDPOINTS = 1_000;
/** How long two secrets sign while one takes the other's place. */
const ROTATION_MS = 24 * 3_600_000;

/** Merchants' endpoints: registered, changed, tried. */
export class MerchantEndpoints implements Endpoints {
  readonly #parts: EndpointParts;

  constructor(parts: EndpointParts) {
    this.#parts = parts;
  }

  async create(wanted: EndpointWanted): Promise<EndpointAnswer<WithSecret>> {
    const { outbox, guard, newId } = this.#parts;
    const problem = await guard.problemNow(wanted.url);
    if (problem !== null) return { kind: "invalid_url", message: problem };
    const secret = newSigningSecret();
    const { enabled, ...rest } = wanted;
    const receiver: NewReceiver = {
      ...rest,
      id: newId("ep"),
      kind: "endpoint",
      secrets: [{ secret, until: null }],
      state: enabled ? "enabled" : "disabled",
    };
    if (!(await outbox.addReceiver(receiver, MAX_ENDPOINTS))) return { kind: "too_many" };
    const endpoint = await outbox.receiver(receiver.id);
    return endpoint === null ? { kind: "not_found" } : { kind: "done", value: { endpoint, secret } };
  }

  async change(id: string, change: Partial<EndpointWanted>): Promise<EndpointAnswer<Receiver>> {
    const { guard, wake } = this.#parts;
    const problem = change.url === undefined ? null : await guard.problemNow(change.url);
    if (problem !== null) return { kind: "invalid_url", message: problem };
    const { enabled, ...rest } = change;
    const state = enabled === undefined ? {} : ({ state: enabled ? "enabled" : "disabled" } as const);
    const changed = await this.#changed(id, () => ({ ...rest, ...state }));
    if (changed.kind === "done") wake();
    return changed;
  }

  async rotate(id: string): Promise<EndpointAnswer<WithSecret>> {
    const secret = newSigningSecret();
    const until = new Date(this.#parts.now().getTime() + ROTATION_MS);
    const changed = await this.#changed(id, ({ secrets: [current] }) => ({
      secrets: [{ secret, until: null }, ...(current ? [{ secret: current.secret, until }] : [])],
    }));
    return changed.kind === "done" ? { kind: "done", value: { endpoint: changed.value, secret } } : changed;
  }

  async test(id: string): ReturnType<Endpoints["test"]> {
    const { outbox, courier, now } = this.#parts;
    const endpoint = isEndpointId(id) ? await outbox.receiver(id) : null;
    if (endpoint === null) return { kind: "not_found" };
    const at = now();
    const began = performance.now();
    const answer = await courier.send(endpoint, this.#testEvent(endpoint, at), new AbortController().signal);
    return {
      kind: "done",
      value: {
        at: at.toISOString(),
        result: answer.kind,
        reason: "reason" in answer ? answer.reason : null,
        answer: "answer" in answer ? answer.answer : null,
        durationMs: Math.round(performance.now() - began),
      },
    };
  }

  async #changed(id: string, change: (found: Receiver) => Partial<NewReceiver>): Promise<EndpointAnswer<Receiver>> {
    const changed = isEndpointId(id) ? await this.#parts.outbox.changeReceiver(id, change) : null;
    return changed === null ? { kind: "not_found" } : { kind: "done", value: changed };
  }

  #testEvent(endpoint: Receiver, at: Date): EventView {
    const snapshot = JSON.stringify({ endpoint: { id: endpoint.id, description: endpoint.description } });
    const about = { payment: null, order: null, live: null, sequence: 1 };
    return { ...about, id: this.#parts.newId("evt"), type: "endpoint.test", at, snapshot };
  }
}

/** Mailboxes are receivers too, and not to be changed as endpoints are. */
function isEndpointId(id: string): boolean {
  return id.startsWith("ep_");
}

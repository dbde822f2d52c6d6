import type { Outgoing } from "./senders.ts";

/** The running Paybell, as a gateway and as the merchant's shop see it. Each request is told in one line, with its answer. */

const TIMEOUT_MS = 10_000;

export interface Order {
  readonly reference: string;
  readonly status: string;
  readonly currency: string;
  readonly total: number;
  readonly paid: number;
  readonly refunded: number;
  readonly due: number;
  readonly fulfillable: boolean;
  readonly buyerUrl: string;
  readonly timeline: readonly Readonly<Record<string, unknown>>[];
}

export interface Payment {
  readonly id: string;
  readonly status: string;
  readonly counts: boolean;
  readonly held: readonly string[];
}

export class Server {
  readonly #base: string;
  readonly #token: string;
  readonly #tell: (line: string) => void;

  constructor(base: string, token: string, tell: (line: string) => void) {
    this.#base = base;
    this.#token = token;
    this.#tell = tell;
  }

  /** Posts as the gateway would; resolves with the status. */
  async notify({ path, type, headers, body }: Outgoing): Promise<number> {
    const startedAt = performance.now();
    const { status } = await this.#send(path, { method: "POST", headers, body });
    this.#say(`POST ${path}  ${type}`, status, startedAt);
    return status;
  }

  async register(reference: string, total: number, currency: string): Promise<number> {
    const startedAt = performance.now();
    const { status } = await this.#api("POST", "/v1/orders", { reference, total, currency });
    this.#say(`POST /v1/orders  ${reference}`, status, startedAt);
    return status;
  }

  async order(reference: string): Promise<Order> {
    // Proven by the API's description: this is what an order looks like.
    return (await this.#api("GET", `/v1/orders/${reference}`)).body as Order;
  }

  async payments(order: string): Promise<readonly Payment[]> {
    // Proven by the API's description: this is what a list of payments looks like.
    return ((await this.#api("GET", `/v1/payments?order=${order}`)).body as { readonly data: readonly Payment[] }).data;
  }

  async #api(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const headers = { authorization: `Bearer ${this.#token}`, "content-type": "application/json" };
    const response = await this.#send(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await response.text();
    if (response.status >= 400) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return { status: response.status, body: JSON.parse(text) };
  }

  #send(path: string, request: RequestInit): Promise<Response> {
    return fetch(this.#base + path, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
  }

  #say(what: string, status: number, startedAt: number): void {
    const milliseconds = Math.max(1, Math.round(performance.now() - startedAt));
    this.#tell(`    ${what.padEnd(60)} → ${status}  (${milliseconds} ms)`);
  }
}

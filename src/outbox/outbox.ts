import type { Attempt, Receiver } from "../store/outbox.ts";

/** What the HTTP edge asks of the outbox beyond what it reads from the store. */

export interface EndpointWanted {
  readonly url: string;
  readonly description: string;
  readonly events: readonly string[];
  readonly live: boolean | null;
  readonly rate: number;
  readonly enabled: boolean;
}

export type EndpointAnswer<Value> =
  | { readonly kind: "done"; readonly value: Value }
  | { readonly kind: "not_found" }
  | { readonly kind: "too_many" }
  /** The URL is none that may be called; `message` says why. */
  | { readonly kind: "invalid_url"; readonly message: string };

/** The secret is told here and never again. */
export interface WithSecret {
  readonly endpoint: Receiver;
  readonly secret: string;
}

export interface Endpoints {
  create(wanted: EndpointWanted): Promise<EndpointAnswer<WithSecret>>;
  /** Enabling one that was broken or gone lets it begin anew. */
  change(id: string, change: Partial<EndpointWanted>): Promise<EndpointAnswer<Receiver>>;
  /** A new secret; the one before signs beside it for a day. */
  rotate(id: string): Promise<EndpointAnswer<WithSecret>>;
  /** Sends `endpoint.test` at once, the way every event goes, and tells what came of it. It is stored nowhere. */
  test(id: string): Promise<EndpointAnswer<Attempt>>;
}

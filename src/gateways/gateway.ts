import type * as z from "zod";
import type { Fact } from "../payments/fact.ts";

/** The port: what a gateway's folder must bring. Nothing here has a default, so nothing can be forgotten. */

/** The request as it arrived. Signatures cover bytes, so the body is never decoded and re-encoded. */
export interface RawNotification {
  readonly body: Uint8Array;
  /** Lower-case names. A header that came twice is joined with ", ", as Node does; the signature grammars refuse that. */
  readonly headers: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  readonly receivedAt: Date;
}

declare const proven: unique symbol;
/** A notification whose sender is proven. Minted in one place (`pipeline/authentic.ts`), and only after a verdict of `authentic`. */
export type AuthenticNotification = RawNotification & { readonly [proven]: true };

/** Closed lists of snake_case words: they become log fields, metrics and columns. */
export type ForgedReason = "unsigned" | "malformed" | "mismatch" | "too_old" | "in_the_future" | "unknown_sender";

export type Verdict =
  /**
   * `nonce` is what the proof names besides the body, where there is such a thing (PayPal's transmission id): a second
   * body under the same nonce is stored apart, counts for nothing unless confirmed, and raises the alarm. Null where the
   * proof covers the body.
   */
  | { readonly kind: "authentic"; readonly nonce: string | null }
  | { readonly kind: "forged"; readonly reason: ForgedReason }
  /** Not yet: answered 503 (`verifier_unreachable`) or stored `unproven` and asked about later (`needs_confirmation`). Never "forged". */
  | { readonly kind: "unproven_yet"; readonly reason: "verifier_unreachable" | "needs_confirmation" };

export type Parsed<Payload> =
  | { readonly kind: "parsed"; readonly payload: Payload }
  /** Authentic, and not to be understood: stored as `quarantined: unreadable`. `detail` names the field, never a value. */
  | { readonly kind: "unreadable"; readonly detail: string };

/** One thing that happened, of the one or many that a request carries. */
export interface Item {
  /** Unique among the gateway's items of the same account, the same for each repetition: the provider's event id. */
  readonly key: string;
  /** The gateway's own name of what happened, for people and for `ignore`: `payment_intent.succeeded`. */
  readonly type: string;
  readonly live: boolean;
  /** Empty: authentic, and nothing we keep. */
  readonly facts: readonly Fact[];
}

/** What `fetch` may do: only the hosts of the account's settings, https (loopback http in test mode), no redirects, bounded in time and size. */
export interface Outbound {
  /**
   * Rejects with `OutboundError` when no whole answer came: refused host, timeout, redirect, over the size.
   * Any status is an answer.
   */
  request(request: {
    readonly method: "GET" | "POST";
    readonly url: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Uint8Array;
    /** Default 10,000. */
    readonly timeoutMs?: number;
    /** Default 65,536. */
    readonly maxBytes?: number;
  }): Promise<{ readonly status: number; readonly headers: ReadonlyMap<string, string>; readonly body: Uint8Array }>;
}

export class OutboundError extends Error {
  override readonly name = "OutboundError";
  readonly reason: "refused_host" | "timeout" | "redirect" | "too_large" | "network";
  constructor(reason: OutboundError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** What an adapter is given besides the notification. */
export interface Context<Settings> {
  readonly settings: Settings;
  /** The account's id and mode, and who is paid through it (lower case; empty: not configured). */
  readonly account: { readonly id: string; readonly live: boolean; readonly receivers: readonly string[] };
  readonly now: () => Date;
  readonly outbound: Outbound;
}

/** What normalizing may know of the account: which fields carry the merchant's order reference, first match first. */
export interface Mapping {
  readonly orderFields: readonly string[];
}

/** The provider's own word on a fact that the signature did not prove. */
export type Confirmation =
  /** Each answer is journaled as an input of its own (`body` verbatim, under `key`) and read back by `readAnswer`. */
  | { readonly kind: "confirmed"; readonly answers: readonly ProviderAnswer[] }
  | {
      readonly kind: "contradicted";
      readonly reason:
        | "not_found"
        | "other_payee"
        | "other_amount"
        | "other_currency"
        | "other_status"
        | "other_object";
    }
  /** The credentials may not read it (403, or none are configured): shown in /health, tried again later. */
  | { readonly kind: "cannot_confirm"; readonly reason: "forbidden" | "no_credentials" }
  | { readonly kind: "unreachable"; readonly retryAfterMs: number | null };

export interface ProviderAnswer {
  /** Unique per object and state, e.g. `capture/2GG…@2026-01-05T10:00:00Z`. */
  readonly key: string;
  /** When it was fetched: the response's Date header. */
  readonly at: Date;
  readonly body: Uint8Array;
}

/** How the sender is proven where `verify` alone cannot. */
export type Proof<Settings> =
  /** `verify` decides at the edge. */
  | { readonly by: "signature" }
  /** `verify` answers `needs_confirmation`; `ask` runs in the background, outside any transaction, and is repeated while it says `unproven_yet`. */
  | { readonly by: "postback"; ask(raw: RawNotification, context: Context<Settings>): Promise<Verdict> };

/** Whether facts about money wait for the provider's API. */
export type Confirming<Settings> =
  | { readonly kind: "not_needed" }
  | {
      readonly kind: "by_api";
      /** False where no credentials are configured: facts then count as signed, and /health says so. */
      available(settings: Settings): boolean;
      /** Whether this item moves money and so waits. */
      needed(item: Item): boolean;
      confirm(item: Item, context: Context<Settings>): Promise<Confirmation>;
      /** Pure: the facts of an answer journaled earlier. */
      readAnswer(answer: ProviderAnswer, mapping: Mapping): Parsed<Item>;
    };

export interface Reply {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: string;
}

export interface Gateway<Settings, Payload> {
  /** Folder name, URL segment and database value. Never changes once live. */
  readonly id: string;
  /** `stripe`, `paypal`: whose money it is. Channels of one provider share accounts and objects. */
  readonly provider: string;
  /** The provider as a buyer knows it: `PayPal`. */
  readonly providerName: string;
  /** For people: `Stripe webhooks`. */
  readonly title: string;
  readonly method: "GET" | "POST";
  /** Media types it sends, lower case, without parameters; anything else is 415. */
  readonly mediaTypes: readonly string[];
  /** Headers to keep with the journaled notification, lower case: the ones `verify` and `parse` read. */
  readonly headers: readonly string[];
  /** The account's secrets and addresses for this channel. */
  readonly settings: z.ZodType<Settings>;
  /** Default order of the fields that may carry the merchant's order reference. */
  readonly orderFields: readonly string[];
  /** The gateway's own names of the events to subscribe to, for the banner and the README. */
  readonly subscribe: readonly string[];
  /**
   * The origins (`https://api-m.paypal.com`) that this account's channel may call; nothing else can be reached. A live
   * account gets only the vendor's own, whatever is configured.
   */
  origins(settings: Settings, live: boolean): readonly string[];
  verify(raw: RawNotification, context: Context<Settings>): Promise<Verdict>;
  readonly proof: Proof<Settings>;
  readonly confirming: Confirming<Settings>;
  /**
   * The journal's key, before any parsing: the provider's event id where the sender is proven, `sha256:<hex>` of the body
   * where it is not, or where no id is found. Total, 1 to 200 characters, never throws.
   */
  identify(raw: RawNotification): string;
  parse(notification: AuthenticNotification): Parsed<Payload>;
  /** Pure. */
  normalize(payload: Payload, mapping: Mapping): readonly Item[];
  /** What the gateway wants to hear once its notification is stored. */
  acknowledge(stored: { readonly duplicate: boolean }): Reply;
}

/** A gateway with its types closed over, so that one list holds all of them. Made by `registry.ts`. */
export interface AnyGateway
  extends Omit<
    Gateway<unknown, unknown>,
    "settings" | "origins" | "verify" | "proof" | "confirming" | "parse" | "normalize"
  > {
  readonly settings: z.ZodType<unknown>;
  /** The gateway for one account: settings parsed once, everything bound. */
  bind(parts: {
    readonly settings: unknown;
    readonly account: Context<unknown>["account"];
    readonly mapping: Mapping;
    readonly now: () => Date;
    readonly outbound: (origins: readonly string[]) => Outbound;
  }): Channel;
}

/** One gateway serving one account: what the pipeline calls. */
export interface Channel {
  readonly gateway: string;
  readonly provider: string;
  readonly account: string;
  readonly live: boolean;
  /** The headers to keep with the journaled notification, lower case. */
  readonly headers: readonly string[];
  verify(raw: RawNotification): Promise<Verdict>;
  /** Null where the signature proves the sender. */
  readonly prove: ((raw: RawNotification) => Promise<Verdict>) | null;
  /** Null where nothing waits for the provider's API: not needed, or not configured. */
  readonly confirmation: {
    needed(item: Item): boolean;
    confirm(item: Item): Promise<Confirmation>;
  } | null;
  identify(raw: RawNotification): string;
  /** Parse and normalize in one: the items of an authentic notification, or why it is unreadable. */
  read(notification: AuthenticNotification): Parsed<readonly Item[]>;
  /** The same for an answer of the provider's API that was journaled. */
  readAnswer(answer: ProviderAnswer): Parsed<readonly Item[]>;
  acknowledge(stored: { readonly duplicate: boolean }): Reply;
}

import type { ClaimedDelivery, Receiver } from "../../store/outbox.ts";
import type { Courier, Delivered } from "../courier.ts";
import type { PostAnswer, WebhookOutbound } from "./outbound.ts";
import { payloadOf } from "./payload.ts";
import { signatureHeaders } from "./signature.ts";

export interface WebhookCourierParts {
  readonly outbound: WebhookOutbound;
  /** Where the API is, for the links. */
  readonly publicUrl: string;
  readonly now: () => Date;
}

const GONE = 410;
/** What a status or a header's text adds to the answer's first bytes must still fit. */
const MAX_ANSWER = 256;

/** Takes events to merchants' endpoints, signed as Standard Webhooks 1.0.0 says. */
export class WebhookCourier implements Courier<ClaimedDelivery> {
  readonly #parts: WebhookCourierParts;

  constructor(parts: WebhookCourierParts) {
    this.#parts = parts;
  }

  deliver({ to, event }: ClaimedDelivery, signal: AbortSignal): Promise<Delivered> {
    return this.send(to, event, signal);
  }

  async send(endpoint: Receiver, event: ClaimedDelivery["event"], signal: AbortSignal): Promise<Delivered> {
    const { outbound, publicUrl, now } = this.#parts;
    const message = { id: event.id, body: payloadOf(event, publicUrl) };
    const headers = signatureHeaders(message, endpoint.secrets, now());
    return deliveredBy(await outbound.post(endpoint.url ?? "", { headers, body: message.body }, signal), now());
  }
}

/** 2xx alone means that it was taken. */
function deliveredBy(answer: PostAnswer, now: Date): Delivered {
  if (answer.kind === "unreachable") return { kind: "failed", reason: answer.reason, answer: "", retryAfterMs: null };
  const { status, shown } = answer;
  const text = `${status} ${printable(shown)}`.trim().slice(0, MAX_ANSWER);
  if (status >= 200 && status < 300) return { kind: "delivered", answer: text };
  if (status === GONE) return { kind: "refused", reason: "gone", answer: text, gone: true };
  return { kind: "failed", reason: reasonOf(status), answer: text, retryAfterMs: retryAfterMs(answer.retryAfter, now) };
}

function reasonOf(status: number): string {
  if (status === 429) return "too_many_requests";
  if (status >= 500) return "server_error";
  return status >= 400 ? "client_error" : status >= 300 ? "redirect" : "unexpected_status";
}

/** A stranger wrote it, and it is stored and shown. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\uFFFD]+/gu, " ").trim();
}

/** Seconds, or a date (RFC 9110 §10.2.3); null for what is neither. */
function retryAfterMs(header: string | null, now: Date): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}

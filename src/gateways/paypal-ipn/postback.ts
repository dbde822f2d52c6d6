import { type Context, OutboundError, type RawNotification, type Verdict } from "../gateway.ts";

/** https://developer.paypal.com/api/nvp-soap/ipn/IPNImplementation: the older www.paypal.com redirects, and loses the body. */
const LIVE_POSTBACK = "https://ipnpb.paypal.com/cgi-bin/webscr";
const SANDBOX_POSTBACK = "https://ipnpb.sandbox.paypal.com/cgi-bin/webscr";

export interface Settings {
  /** Where a sandbox account's messages are sent back to; null is PayPal's own. A live account has no choice. */
  readonly postbackUrl: string | null;
}

/** The account's mode decides, never the message: a `test_ipn` that chose its own verifier would be CVE-2014-10067. */
export function postbackUrl(settings: Settings, live: boolean): string {
  return live ? LIVE_POSTBACK : (settings.postbackUrl ?? SANDBOX_POSTBACK);
}

const PREFIX = new TextEncoder().encode("cmd=_notify-validate&");

/** Plain, without the charset: that one is told by the body. (A User-Agent, without which PayPal answers 403, comes from the port.) */
const HEADERS = { "content-type": "application/x-www-form-urlencoded" };

/** Sends the message back as it came, byte for byte, and asks whether it was PayPal's. */
export async function askVerifier(raw: RawNotification, context: Context<Settings>): Promise<Verdict> {
  const url = postbackUrl(context.settings, context.account.live);
  const body = new Uint8Array(PREFIX.length + raw.body.length);
  body.set(PREFIX);
  body.set(raw.body, PREFIX.length);
  try {
    const answer = await context.outbound.request({
      method: "POST",
      url,
      headers: HEADERS,
      body,
      timeoutMs: 10_000,
      maxBytes: 65_536,
    });
    return answer.status === 200 ? readWord(answer.body) : UNREACHABLE;
  } catch (error) {
    if (error instanceof OutboundError) return UNREACHABLE;
    throw error;
  }
}

const UNREACHABLE: Verdict = { kind: "unproven_yet", reason: "verifier_unreachable" };

/** Only the one exact word proves or refutes; a login page, an error page or half an answer is a verifier out of reach. */
function readWord(body: Uint8Array): Verdict {
  const word = body.length <= 64 ? new TextDecoder().decode(body).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "") : "";
  if (word === "VERIFIED") return { kind: "authentic", nonce: null };
  if (word === "INVALID") return { kind: "forged", reason: "mismatch" };
  return UNREACHABLE;
}

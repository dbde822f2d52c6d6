import type { Item, Mapping } from "../gateway.ts";
import { caseFacts, subscriptionFacts } from "./group-facts.ts";
import { isPayout, type Payload } from "./payload.ts";
import { isLine, transactionFacts } from "./transaction-facts.ts";

/** One message is one item, but for mass payments, which are many in one. */
export function normalize(payload: Payload, mapping: Mapping): readonly Item[] {
  const live = payload.known.test_ipn !== "1";
  if (isPayout(payload.known)) return payouts(payload).map((item) => ({ ...item, live, facts: [] }));
  const facts = [
    ...transactionFacts(payload, mapping),
    ...subscriptionFacts(payload, mapping),
    ...caseFacts(payload, mapping),
  ];
  return [{ key: keyOf(payload), type: typeOf(payload), live, facts }];
}

/**
 * `txn_id` and status (and what it waits for) for payments, the subscription or case with the message's track id for the
 * rest; and always the digest of what was said, so that a second truth under the same ids is not taken for the first told
 * again. At most 64 + 60 + 64 + 16 characters and their separators.
 */
function keyOf({ known, digest }: Payload): string {
  const status = known.payment_status;
  if (known.txn_id && status)
    return [known.txn_id, status, known.pending_reason, digest].filter(Boolean).join(":").slice(0, 200);
  const id = known.case_id ?? known.recurring_payment_id ?? known.subscr_id ?? known.txn_id;
  return [id, known.txn_type, known.ipn_track_id?.slice(0, 40), digest].filter(Boolean).join(":");
}

/** `web_accept.completed`, `refunded`, `subscr_cancel`: what `ignore` in the accounts file is matched with. */
function typeOf({ known, fields }: Payload): string {
  const named = [known.txn_type, known.payment_status].filter(Boolean).join(".");
  const adaptive = fields.get("transaction_type") ?? "";
  return named || (isLine(adaptive, 100) ? adaptive : "unknown");
}

/** Money that we sent: nothing of it is a buyer's payment, so there are no facts; the keys tell the items apart all the same. */
function payouts({ known, fields, digest }: Payload): readonly { readonly key: string; readonly type: string }[] {
  const status = known.payment_status ?? "unknown";
  const ids = [...fields].flatMap(([name, id]) =>
    /^masspay_txn_id_\d{1,4}$/.test(name) && isLine(id, 64) ? [id] : [],
  );
  return ids.map((id) => ({ key: `${id}:${status}:${digest}`, type: `masspay.${status}` }));
}

import * as z from "zod";
import { HOLD_REASONS, reasonValues } from "../merchant-values.ts";
import { type Message, type Standing, skip, tell, type Values } from "../message.ts";
import { SAMPLE_TIME } from "../samples.ts";
import { oneLine, type Words } from "../words.ts";

/** To the merchant: a notification that nobody but a person can make sense of. */
export const notificationQuarantined: Message = {
  name: "notification-quarantined",
  to: "mail:merchant",
  event: "notification.quarantined",
  async tell(standing) {
    const { event, read, words } = standing;
    const { id, reason } = notificationIn(event.snapshot);
    const input = await read.input(id);
    if (input?.state !== "quarantined") return skip("no_longer_true");
    if (await isToldByOrder(standing, reason)) return skip("told_otherwise");
    return tell(values({ ...input, reason, receivedAt: input.receivedAt.getTime() }, words));
  },
  sample: (words) =>
    values(
      {
        id: "ntf_01kb3f5s7q0000000000000000",
        gateway: "paypal-ipn",
        account: "default",
        type: "web_accept",
        live: false,
        reason: "unknown_order",
        receivedAt: SAMPLE_TIME,
      },
      words,
    ),
};

const REASONS: readonly string[] = [...HOLD_REASONS, "unreadable", "nonce_reused", "unexplained"];

interface Notification {
  readonly id: string;
  readonly gateway: string;
  readonly account: string;
  readonly type: string | null;
  /** Null where it could not be read. */
  readonly live: boolean | null;
  readonly reason: string;
  readonly receivedAt: number;
}

function values(input: Notification, words: Words): Values {
  return {
    test: input.live === false,
    notification: {
      id: input.id,
      gateway: input.gateway,
      account: input.account,
      type: input.type === null ? null : oneLine(input.type),
      at: words.time(input.receivedAt),
    },
    reasons: reasonValues(REASONS, [input.reason]),
  };
}

/** A payment that a registered order holds is told by the order's own message. */
async function isToldByOrder({ event, read, isMailed }: Standing, reason: string): Promise<boolean> {
  if (event.payment === null || !HOLD_REASONS.includes(reason) || !isMailed("order.held")) return false;
  const payment = await read.payment(event.payment);
  return payment !== null && payment.order !== null && payment.held.length > 0;
}

const snapshot = z.object({ notification: z.object({ id: z.string(), reason: z.string() }) });

function notificationIn(text: string): z.infer<typeof snapshot>["notification"] {
  return snapshot.parse(JSON.parse(text)).notification;
}

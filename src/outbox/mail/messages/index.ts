import type { Message } from "../message.ts";
import { disputeOpened } from "./dispute-opened.ts";
import { endpointDisabled } from "./endpoint-disabled.ts";
import { goodsReady } from "./goods-ready.ts";
import { licenseExhausted } from "./license-exhausted.ts";
import { notificationQuarantined } from "./notification-quarantined.ts";
import { orderHeld } from "./order-held.ts";
import { orderPaid } from "./order-paid.ts";
import { paymentFailed } from "./payment-failed.ts";
import { paymentPending } from "./payment-pending.ts";
import { paymentRefunded } from "./payment-refunded.ts";
import { subscriptionEnded } from "./subscription-ended.ts";
import { subscriptionFailed } from "./subscription-failed.ts";
import { subscriptionRenewed } from "./subscription-renewed.ts";

/** Every mail that Paybell writes: a file here, one line in this list, and the templates in `mails/<language>/`. */
export const MESSAGES: readonly Message[] = [
  orderPaid,
  goodsReady,
  paymentPending,
  paymentFailed,
  paymentRefunded,
  subscriptionRenewed,
  subscriptionFailed,
  subscriptionEnded,
  disputeOpened,
  orderHeld,
  licenseExhausted,
  notificationQuarantined,
  endpointDisabled,
];

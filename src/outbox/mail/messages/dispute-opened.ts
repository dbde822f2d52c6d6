import * as z from "zod";
import type { Currency } from "../../../payments/money.ts";
import type { PaymentState } from "../../../payments/state.ts";
import { paymentValues } from "../merchant-values.ts";
import { type Message, skip, tell, type Values } from "../message.ts";
import { SAMPLE_PAYMENT, SAMPLE_PAYMENT_ID, SAMPLE_TIME } from "../samples.ts";
import { oneLine, type Words } from "../words.ts";

/** To the merchant: a buyer or a bank disputes a payment; with the time until which evidence is taken, where the provider tells it. */
export const disputeOpened: Message = {
  name: "dispute-opened",
  to: "mail:merchant",
  event: "payment.disputed",
  async tell({ event, read, words }) {
    const payment = event.payment === null ? null : await read.payment(event.payment);
    if (payment === null) return skip("no_longer_true");
    const { status, disputed } = payment.state;
    // One that was lost at once was never told as open: the merchant hears of it all the same.
    const isLost = status === "charged_back";
    if (status !== "disputed" && disputed === 0n && !isLost) return skip("no_longer_true");
    return tell(values({ ...payment, isLost, dispute: disputeIn(event.snapshot) }, words));
  },
  sample: (words) =>
    values(
      {
        id: SAMPLE_PAYMENT_ID,
        state: { ...SAMPLE_PAYMENT, disputed: 103_450n },
        isLost: false,
        dispute: { reference: "du_1SmZ9pKqA0FvXy2LzW3nQ8sD", dueBy: SAMPLE_TIME + 12 * 86_400_000 },
      },
      words,
    ),
};

interface Dispute {
  readonly reference: string;
  /** ms since 1970; null where the provider does not tell it. */
  readonly dueBy: number | null;
}

function values(
  subject: {
    readonly id: string;
    readonly state: PaymentState;
    readonly isLost: boolean;
    readonly dispute: Dispute | null;
  },
  words: Words,
): Values {
  const { state, isLost, dispute } = subject;
  const amount = isLost ? state.chargedBack : state.disputed;
  return {
    test: !state.scope.live,
    payment: paymentValues(subject.id, state, words),
    dispute: {
      reference: dispute === null ? null : oneLine(dispute.reference),
      amount: amountIn(state.currency, amount, words),
      open: !isLost,
      lost: isLost,
      dueBy: isLost || dispute?.dueBy == null ? null : words.time(dispute.dueBy),
    },
  };
}

function amountIn(currency: Currency | null, amount: bigint, words: Words): string | null {
  return currency === null || amount === 0n ? null : words.money(amount, currency);
}

const snapshot = z.object({
  payment: z.object({
    disputes: z.array(
      z.object({
        reference: z.string(),
        status: z.string().nullish(),
        dueBy: z.string().nullish(),
      }),
    ),
  }),
});

/** Our own frozen words: the open dispute whose time ends first. */
function disputeIn(text: string): Dispute | null {
  const parsed = snapshot.safeParse(JSON.parse(text));
  if (!parsed.success) return null;
  const open = parsed.data.payment.disputes.filter(({ status }) => status == null || status === "open");
  const disputes = open.map(({ reference, dueBy }) => ({
    reference,
    dueBy: dueBy == null ? null : Date.parse(dueBy),
  }));
  const [first] = disputes.sort((left, right) => (left.dueBy ?? Number.MAX_VALUE) - (right.dueBy ?? Number.MAX_VALUE));
  return first ?? null;
}

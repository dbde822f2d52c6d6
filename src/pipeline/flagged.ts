import { paymentSnapshot } from "../payments/snapshot.ts";
import type { PaymentFlag } from "../payments/state.ts";
import type { PaymentRecord, Store, Transaction } from "../store/store.ts";
import { standing } from "./change-set.ts";
import { newId } from "./ids.ts";
import { NO_LOCKS, withLocks } from "./locks.ts";
import { NOTHING_WRITTEN } from "./nothing-written.ts";

export interface FlaggedParts {
  readonly store: Store;
  readonly now: () => Date;
}

/**
 * Tells of a payment's flags that are due and still stand, once each however many processes look: `payment.flagged` is a
 * change of its own, so its sequence is nobody else's. Answers with what it told.
 */
export function tellFlags({ store, now }: FlaggedParts, id: string): Promise<readonly PaymentFlag[]> {
  return withLocks(store, NO_LOCKS, async (transaction, held) => {
    held.take("payments", [id]);
    const due = await transaction.dueFlags(id, now());
    if (due.length === 0) return [];
    const [payment] = await transaction.loadPayments([id]);
    const told = due.filter((flag) => payment?.id === id && payment.state.flags.includes(flag));
    const gone = due.filter((flag) => !told.includes(flag)).map((flag) => ({ payment: id, flag }));
    const tellings = payment && told.length > 0 ? await telling(transaction, payment, told, now()) : {};
    await transaction.write({ ...NOTHING_WRITTEN, ...tellings, flagsGone: gone }, null);
    return told;
  });
}

async function telling(
  transaction: Transaction,
  { id, state, gateways, sequence: before }: PaymentRecord,
  flags: readonly PaymentFlag[],
  now: Date,
) {
  const sequence = before + 1;
  const loaded = await transaction.loadOrders(state.orders);
  const orders = loaded.flatMap(({ record, reference }) => (record ? [{ reference, state: record.state }] : []));
  const { order, counts, held } = standing({ id, state }, new Map(orders.map((one) => [one.reference, one])));
  const snapshot = paymentSnapshot({ id, state, gateways }, { order, counts, held });
  return {
    payments: [{ id, state, gateways, sequence }],
    flags: flags.map((flag) => ({ payment: id, flag, dueAt: null })),
    events: [
      {
        id: newId("evt", now),
        type: "payment.flagged",
        key: `payment.flagged:${id}:${sequence}`,
        payment: id,
        order,
        sequence,
        snapshot: JSON.stringify({ payment: snapshot, flags }),
      },
    ],
  };
}

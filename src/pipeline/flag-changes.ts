import type { PaymentFlag } from "../payments/state.ts";
import type { Changes } from "../store/store.ts";

/** A payment's flags as they were committed last, and as they are. */
export interface FlagsOfPayment {
  readonly payment: string;
  readonly before: readonly PaymentFlag[];
  readonly after: readonly PaymentFlag[];
}

/** A flag is told when it has stood for so long: refunds overtake their captures, and containers their leaves. */
export const FLAG_STANDS_MS = 60 * 60 * 1000;

export function flagChanges(payments: readonly FlagsOfPayment[], now: Date): Pick<Changes, "flags" | "flagsGone"> {
  const dueAt = new Date(now.getTime() + FLAG_STANDS_MS);
  const only = (payment: string, flags: readonly PaymentFlag[], without: readonly PaymentFlag[]) =>
    [...new Set(flags)].filter((flag) => !without.includes(flag)).map((flag) => ({ payment, flag }));
  return {
    flags: payments.flatMap(({ payment, before, after }) =>
      only(payment, after, before).map((raised) => ({ ...raised, dueAt })),
    ),
    flagsGone: payments.flatMap(({ payment, before, after }) => only(payment, before, after)),
  };
}

import type { AuditView } from "../store/audit.ts";
import type { Report } from "./finding.ts";

/** A page of objects: each belongs to a payment that exists. That they are its own is checked with the payment. */
export async function checkObjects(
  view: AuditView,
  objects: readonly { readonly key: string; readonly payment: string }[],
  report: Report,
): Promise<void> {
  const payments = await view.knownPayments(objects.map(({ payment }) => payment));
  for (const { key, payment } of objects) {
    if (payments.get(payment) !== null)
      report("payment_objects", payment, `${key} belongs to it, and it does not exist or is an alias`);
  }
}

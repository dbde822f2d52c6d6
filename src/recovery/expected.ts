import { groupFacts, partition } from "../payments/component.ts";
import type { StoredFact } from "../payments/fact.ts";
import { foldOrder } from "../payments/order.ts";
import { foldPayment } from "../payments/payment.ts";
import type { OrderState, PaymentState } from "../payments/state.ts";
import { linksOf, loadGroups, reach } from "../pipeline/fold-facts.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { AuditedOrder, AuditView } from "../store/audit.ts";

/** One purchase, folded anew from facts alone. */
export interface ExpectedPayment {
  /** Object keys, sorted. */
  readonly objects: readonly string[];
  readonly facts: readonly StoredFact[];
  /** Facts about the groups in its reach. */
  readonly groupFacts: readonly StoredFact[];
  readonly state: PaymentState;
  readonly gateways: readonly string[];
}

/** The purchases that the facts make, with the groups that speak about them. */
export async function expectedPayments(
  view: Pick<AuditView, "loadLinks" | "loadGroupFacts">,
  facts: readonly StoredFact[],
): Promise<readonly ExpectedPayment[]> {
  const components = partition(facts);
  if (components.length === 0) return [];
  const graph = await loadGroups(view, components, linksOf(facts));
  const groups = groupFacts(graph.groups.size > 0 ? await view.loadGroupFacts([...graph.groups]) : []);
  return components.map((component) => {
    const reached = [...reach(component.objects, graph)].flatMap((key) => groups.get(key) ?? []);
    return {
      ...component,
      groupFacts: reached,
      state: foldPayment(component.facts, reached),
      gateways: [...new Set(component.facts.map(({ gateway }) => gateway))].sort(),
    };
  });
}

/** The orders' states, folded anew from their decisions and payments. */
export async function expectedOrders(
  view: Pick<AuditView, "decisionsOf">,
  rules: Rules,
  orders: readonly AuditedOrder[],
): Promise<ReadonlyMap<string, OrderState>> {
  const named = orders.flatMap(({ loaded }) => loaded.payments.flatMap(({ state }) => state.orders));
  const decided = await view.decisionsOf([...new Set([...named, ...orders.map(({ reference }) => reference)])]);
  const registered = new Set(decided.filter(({ kind }) => kind === "registered").map(({ order }) => order));
  const context = {
    rules: (account: string, provider: string) => rules.of(account, provider),
    registered: (reference: string) => registered.has(reference),
  };
  return new Map(
    orders.map(({ reference, loaded }) => {
      const payments = loaded.payments.map(({ id, state }) => ({ id, state }));
      return [reference, foldOrder(reference, loaded.decisions, payments, context)];
    }),
  );
}

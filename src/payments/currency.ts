import { compareText } from "./arithmetic.ts";
import { last } from "./attribute.ts";
import type { Currency } from "./money.ts";
import type { Parts } from "./parts.ts";

interface Told {
  readonly currency: Currency | null;
  /** The lower speaks first: money that was captured before what was only meant. */
  readonly priority: number;
  readonly at: number;
  readonly reference: string;
}

/** The payment's currency is that of the first money captured; before there is any, of the container, and so on down. */
export function currencyOf(parts: Parts): Currency | null {
  const [first] = told(parts)
    .filter(({ currency }) => currency !== null)
    .sort(
      (left, right) =>
        left.priority - right.priority || left.at - right.at || compareText(left.reference, right.reference),
    );
  return first?.currency ?? null;
}

/** Whether objects name different currencies. Amounts in another than the payment's own are not added, nor converted. */
export function doCurrenciesDiffer(parts: Parts): boolean {
  const currencies = told(parts).map(({ currency }) => currency);
  return new Set(currencies.filter((currency) => currency !== null)).size > 1;
}

function told(parts: Parts): readonly Told[] {
  const captures = parts.captures.map(({ reference, currency, succeededAt }) => ({
    reference,
    currency,
    priority: succeededAt === null ? 1 : 0,
    at: succeededAt ?? 0,
  }));
  const intents = [...parts.intents].map(([reference, facts]) => ({
    reference,
    currency: last(facts, (fact) => fact.currency),
  }));
  const sessions = [...parts.sessions].map(([reference, facts]) => ({
    reference,
    currency: last(facts, (fact) => fact.currency),
  }));
  const movements = [...parts.refunds, ...parts.reversals, ...parts.reinstatements];
  // A case may be told before anything else of its payment.
  const rest = [intents, parts.authorizations, sessions, movements, parts.disputes];
  return [
    ...captures,
    ...rest.flatMap((objects, index) =>
      objects.map(({ reference, currency }) => ({ reference, currency, priority: index + 2, at: 0 })),
    ),
  ];
}

import type { Law } from "../../src/recovery/finding.ts";

/** What somebody with SQL may do to a database of six purchases `a1` to `a6`, and the laws that must be named for it. */
export interface Tampering {
  readonly name: string;
  readonly sql: readonly string[];
  readonly broken: readonly Law[];
  /** Of a rebuild, where not everything can be put right: what it leaves. Else it leaves nothing. */
  readonly leaves?: readonly Law[];
  /** With events to retract nothing is left. */
  readonly retracts?: true;
}

const A1 = "(select payment from object_payments where reference = 'pi_a1')";
/** SHA-256 of `{}`. */
const HASH_OF_BRACES = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const A2 = "(select payment from object_payments where reference = 'pi_a2')";

export const TAMPERINGS: readonly Tampering[] = [
  {
    name: "a payment's captured amount is changed",
    sql: [`update payments set state = replace(state, '"captured":"1999"', '"captured":"2999"') where id = ${A1}`],
    broken: ["payment_state"],
  },
  {
    name: "a payment's state is overwritten with nonsense",
    sql: [`update payments set state = 'nonsense' where id = ${A1}`],
    broken: ["payment_state", "order_state", "order_payments"],
  },
  {
    name: "a payment's status column is changed alone",
    sql: [`update payments set status = 'refunded', reference = 'ch_x' where id = ${A1}`],
    broken: ["payment_columns"],
  },
  {
    name: "a payment is filed under another account",
    sql: [`update payments set account = 'other', live = not live where id = ${A1}`],
    broken: ["payment_columns"],
  },
  {
    name: "a payment's row is deleted",
    sql: [`delete from payments where id = ${A1}`],
    broken: ["fact_place", "payment_objects", "input_payment", "event_subject", "order_state", "order_payments"],
  },
  {
    name: "an object's row is deleted",
    sql: ["delete from object_payments where reference = 'ch_a1'"],
    broken: ["payment_objects", "fact_place"],
  },
  {
    name: "an object is given to another payment",
    sql: [`update object_payments set payment = ${A2} where reference = 're_a1'`],
    broken: ["payment_objects", "fact_place"],
  },
  {
    name: "a fact's amount is changed",
    sql: [
      `update facts set body = replace(body, '"amount":"500"', '"amount":"900"') where object_key like '%/refund/re_a1'`,
    ],
    broken: ["fact_content", "payment_state"],
  },
  {
    name: "a fact is deleted",
    sql: ["delete from facts where object_key like '%/refund/re_a1'"],
    broken: ["payment_state", "payment_objects"],
  },
  {
    name: "a group's fact is deleted",
    sql: ["delete from facts where object_key like '%/dispute/dp_a1' and body like '%won%'"],
    broken: ["payment_state", "payment_events"],
  },
  {
    name: "all facts of a payment are deleted",
    sql: [`delete from facts where payment = ${A1}`],
    broken: ["payment_parts"],
  },
  {
    name: "facts of one payment are given to another",
    sql: [`update facts set payment = ${A2} where object_key like '%/refund/re_a1'`],
    broken: ["payment_parts", "payment_state", "payment_objects", "fact_place"],
  },
  {
    name: "a link is deleted",
    sql: ["delete from links where from_key like '%dp_a1' or to_key like '%dp_a1'"],
    broken: ["fact_links", "payment_state", "payment_events"],
  },
  {
    name: "a payment is made an alias of another",
    sql: [`update payments set alias_of = ${A2} where id = ${A1}`],
    broken: [
      "payment_alias",
      "payment_events",
      "fact_place",
      "payment_objects",
      "input_payment",
      "order_state",
      "order_payments",
    ],
  },
  {
    name: "a payment is taken from its order",
    sql: [`delete from order_payments where payment = ${A1}`],
    broken: ["payment_orders", "order_state"],
  },
  {
    name: "a payment is listed with another order",
    sql: [
      `insert into order_payments ("order", payment, counts, held) select 'a2', payment, true, '' from object_payments where reference = 'pi_a1'`,
    ],
    broken: ["payment_orders", "order_state"],
  },
  {
    name: "a payment that counts is marked as held",
    sql: [`update order_payments set counts = false, held = ',amount_mismatch,' where payment = ${A1}`],
    broken: ["order_payments"],
  },
  {
    name: "an order's state is changed",
    sql: [`update orders set state = replace(state, '"paid":"1999"', '"paid":"1"') where reference = 'a1'`],
    broken: ["order_state"],
  },
  {
    name: "an order's status column is changed alone",
    sql: ["update orders set status = 'canceled' where reference = 'a1'"],
    broken: ["order_columns"],
  },
  {
    name: "an order's row is deleted",
    sql: ["delete from orders where reference = 'a1'"],
    broken: ["order_state", "event_subject"],
  },
  {
    name: "an order's decision is deleted",
    sql: [`delete from decisions where "order" = 'a1'`],
    broken: ["order_decisions", "order_state"],
  },
  {
    name: "an event is missing",
    sql: ["delete from events where key like 'payment.refunded:%ch_a1#1'"],
    broken: ["payment_events"],
  },
  {
    name: "an order's event is missing",
    sql: ["delete from events where key = 'order.paid:a1'"],
    broken: ["order_events"],
  },
  {
    name: "an effect is doubled",
    sql: [
      `insert into events (id, type, key, payment, "order", sequence, position, at, snapshot)
       select 'evt_doubled', type, 'payment.paid:again', payment, "order", sequence, position, at, snapshot
       from events where key like 'payment.paid:%pi_a1'`,
    ],
    broken: ["payment_events"],
    leaves: ["payment_events"],
    retracts: true,
  },
  {
    name: "an event tells of a payment that does not exist",
    sql: [
      `insert into events (id, type, key, payment, "order", sequence, position, at, snapshot)
       select 'evt_invented', type, 'payment.paid:invented', 'pay_invented', null, sequence, position, at, snapshot
       from events where key like 'payment.paid:%pi_a1'`,
    ],
    broken: ["event_subject"],
    leaves: ["event_subject"],
    retracts: true,
  },
  {
    name: "a payment is invented",
    sql: [
      `insert into payments (id, alias_of, provider, account, live, gateways, reference, status, sequence, created_at, changed_at, state)
       select 'pay_00invented', null, provider, account, live, gateways, reference, status, sequence, created_at, changed_at, state
       from payments where id = ${A1}`,
    ],
    broken: ["payment_parts"],
  },
  {
    name: "a payment's entries are deleted",
    sql: [`delete from postings where subject = ${A1}`],
    broken: ["ledger_posted"],
  },
  {
    name: "an order's entry is doubled in place",
    sql: ["update postings set amount = amount * 2 where subject = 'order/a1'"],
    broken: ["ledger_posted"],
  },
  {
    name: "entries of a payment that does not exist are put in",
    sql: [
      `insert into postings (subject, version, account, currency, amount, live, effective_at, at)
       select 'pay_00invented', version, account, currency, amount, live, effective_at, at from postings where subject = ${A1}`,
    ],
    broken: ["ledger_posted"],
  },
  {
    name: "a journaled body is changed",
    sql: ["update inputs set body_hash = 'ff' || substr(body_hash, 3) where key = 'evt_a1_2'"],
    broken: ["input_body"],
  },
  {
    name: "an outcome loses its reason, another its time",
    sql: [
      "update inputs set state = 'stale', reason = null where key = 'evt_a1_2'",
      "update inputs set settled_at = null where key = 'evt_a2_2'",
    ],
    broken: ["input_outcome"],
  },
  {
    name: "a journaled body is changed together with its hash",
    sql: [`update inputs set body = '{}', body_hash = '${HASH_OF_BRACES}' where key = 'evt_a3_2'`],
    broken: ["input_chain"],
  },
  {
    name: "a journaled notification is deleted",
    sql: ["delete from inputs where key = 'evt_a4_8'"],
    broken: ["input_chain"],
  },
];

import type { TortureDatabase } from "../databases/database.ts";
import { type Finding, finding } from "./finding.ts";

/** What must be so in any database, whatever was told to it: asked in SQL, each question returning what breaks the law. */
const LAWS: readonly {
  readonly invariant: string;
  readonly kind: Finding["kind"];
  readonly law: string;
  readonly sql: string;
}[] = [
  {
    invariant: "I2",
    kind: "doubled",
    law: "one row for one notification",
    sql: "select gateway || ' ' || key as name from inputs group by gateway, account, key, body_hash having count(*) > 1",
  },
  {
    invariant: "I2",
    kind: "doubled",
    law: "an event is told once",
    sql: "select key as name from events group by key having count(*) > 1",
  },
  {
    invariant: "I2",
    kind: "doubled",
    law: "a fact is known once",
    sql: "select key as name from facts group by key having count(*) > 1",
  },
  {
    invariant: "I12",
    kind: "wrong",
    law: "a fact belongs to an input that is there, and that was applied",
    sql: `select f.key as name from facts f left join inputs i on i.id = f.input
          where i.id is null or i.state in ('received', 'unproven', 'rejected', 'ignored')`,
  },
  {
    invariant: "I3",
    kind: "wrong",
    law: "an object belongs to a payment that is there, and is no alias",
    sql: `select o.object_key as name from object_payments o left join payments p on p.id = o.payment
          where p.id is null or p.alias_of is not null`,
  },
  {
    invariant: "I3",
    kind: "wrong",
    law: "a payment's facts are those of its objects",
    sql: `select f.key as name from facts f join object_payments o on o.object_key = f.object_key
          where f.payment is null or f.payment <> o.payment`,
  },
  {
    invariant: "I2",
    kind: "wrong",
    law: "an order's payments are there",
    sql: `select o."order" as name from order_payments o left join payments p on p.id = o.payment
          where p.id is null or p.alias_of is not null`,
  },
  {
    invariant: "I10",
    kind: "wrong",
    law: "events of one payment are numbered in the order they were told",
    sql: `select name from (select payment as name, sequence, lag(sequence) over (partition by payment order by seq) as before
          from events where payment is not null and type like 'payment.%') numbered where sequence < before`,
  },
  {
    invariant: "I10",
    kind: "wrong",
    law: "events of one order are numbered in the order they were told",
    sql: `select name from (select "order" as name, sequence, lag(sequence) over (partition by "order" order by seq) as before
          from events where "order" is not null and type like 'order.%') numbered where sequence < before`,
  },
  {
    invariant: "I10",
    kind: "doubled",
    law: "one passing state is told once for one change",
    sql: `select coalesce(payment, "order") || ' ' || type as name from events
          where type in ('payment.pending', 'payment.authorized', 'payment.failed', 'payment.canceled', 'payment.expired',
            'payment.requires_action', 'order.partially_paid', 'order.overpaid', 'order.held')
          group by coalesce(payment, "order"), type, sequence having count(*) > 1`,
  },
  {
    invariant: "I8",
    kind: "wrong",
    law: "what is paid is not pending again",
    sql: `select p.payment as name from events p join events e on e.payment = p.payment and e.sequence > p.sequence
          where p.type = 'payment.paid' and e.type in ('payment.pending', 'payment.requires_action', 'payment.authorized')`,
  },
  {
    invariant: "I9",
    kind: "wrong",
    law: "nobody holds an input that has its outcome",
    sql: "select id as name from inputs where settled_at is not null and (due_at is not null or owner is not null)",
  },
  {
    invariant: "I2",
    kind: "wrong",
    law: "decisions about an order are numbered without gaps",
    sql: `select "order" as name from decisions group by "order" having max(sequence) <> count(*)`,
  },
  {
    invariant: "I6",
    kind: "wrong",
    law: "a level is the sum of its movements, which are numbered without gaps",
    sql: `select l.sku as name from stock_levels l left join stock_movements m on m.live = l.live and m.sku = l.sku
          group by l.live, l.sku, l.on_hand, l.sequence
          having coalesce(sum(m.delta), 0) <> l.on_hand or count(m.sequence) <> l.sequence or max(m.sequence) <> l.sequence`,
  },
  {
    invariant: "I6",
    kind: "wrong",
    law: "what was sold beyond what was there is marked, and nothing else",
    sql: `select sku || ' ' || sequence as name from stock_movements
          where oversold <> ("order" is not null and delta < 0 and on_hand < 0)`,
  },
  {
    invariant: "I2",
    kind: "doubled",
    law: "an order is registered once",
    sql: `select "order" as name from decisions where kind = 'registered' group by "order" having count(*) > 1`,
  },
  {
    invariant: "I4",
    kind: "wrong",
    law: "an entry of the ledger sums to zero in each currency",
    sql: `select subject || ' ' || version || ' ' || currency as name from postings
          group by subject, version, currency having sum(amount) <> 0`,
  },
  {
    invariant: "I4",
    kind: "wrong",
    law: "an entry follows from an input that is there",
    sql: `select g.subject || ' ' || g.version as name from postings g left join inputs i on i.id = g.input
          where i.id is null`,
  },
  {
    invariant: "I4",
    kind: "wrong",
    law: "entries of one subject are numbered without gaps",
    sql: "select subject as name from postings group by subject having max(version) <> count(distinct version)",
  },
];

export async function checkLaws(database: TortureDatabase): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { invariant, kind, law, sql } of LAWS) {
    for (const { name } of await database.query(sql)) findings.push(finding(kind, invariant, `${law}: ${name}`));
  }
  return findings;
}

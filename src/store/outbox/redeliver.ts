import type { Dialect } from "../dialect.ts";
import { concerns, insertDeliveries, isWanted } from "../events.ts";
import { storable } from "../json-rows.ts";
import type { RedeliverRequest } from "../outbox.ts";
import { joinList } from "../records.ts";
import type { WriteContext } from "../upsert.ts";

/** From the first attempt on, as if it were new; its log stays. */
function anew({ now }: Dialect): string {
  return `state = 'waiting', reason = null, due_at = ${now}, attempts = 0, settled_at = null`;
}

/** What is under way is left alone, and what nobody would take. */
export async function redeliver({ session, dialect }: WriteContext, id: string): Promise<void> {
  await session.execute(
    "redeliver",
    `update deliveries set ${anew(dialect)} where id = $1 and owner is null and receiver in (select id from receivers)`,
    storable("delivery", id),
  );
}

/** In one transaction: which events, then a delivery of each. */
export async function redeliverMany(
  context: WriteContext,
  request: RedeliverRequest,
): Promise<{ readonly count: number; readonly next: string | null }> {
  const { session, dialect, now } = context;
  const found = await eventsToRedeliver(context, request);
  const events = found.slice(0, request.limit);
  if (events.length === 0) return { count: 0, next: null };
  const count = await session.execute(
    "redeliver.many",
    `${insertDeliveries(dialect, 2)} from events e join receivers v on v.id = $3 where ${dialect.among("e.id", 1)} order by e.seq
     on conflict (event, receiver) do update set ${anew(dialect)} where deliveries.owner is null`,
    dialect.list(events),
    dialect.time(now),
    storable("receiver", request.receiver),
  );
  return { count, next: found[request.limit] ?? null };
}

/** One more than is wanted, to see whether there are others. */
async function eventsToRedeliver(
  { session, dialect }: WriteContext,
  request: RedeliverRequest,
): Promise<readonly string[]> {
  const failed = "join deliveries d on d.event = e.id and d.receiver = v.id and d.state = 'failed'";
  const rows = await session.query<{ id: string }>(
    "redeliver.events",
    `select e.id from receivers v join events e on e.id >= $2 and e.id < $3 ${request.onlyFailed ? failed : ""}
     where v.id = $1 and ${concerns} and ${isWanted(dialect, typeParameter(dialect))} order by e.id limit $5`,
    storable("receiver", request.receiver),
    storable("from", request.from),
    storable("to", request.to),
    storable("types", joinList(request.types)),
    request.limit + 1,
  );
  return rows.map(({ id }) => id);
}

/** PostgreSQL would have to guess the type of a parameter that only functions take. */
function typeParameter({ name }: Dialect): string {
  return name === "postgresql" ? "$4::text" : "$4";
}

import type { Row, TortureDatabase } from "../databases/database.ts";
import { type Story, type SubscriptionEnd, TURNS } from "../stories/story.ts";
import { type Finding, finding } from "./finding.ts";

/** I3 and I2: how each subscription ended, and what was told of it, against what its story says. */
export async function checkSubscriptions(
  database: TortureDatabase,
  stories: readonly Pick<Story, "subscription">[],
): Promise<readonly Finding[]> {
  const rows = await database.query("select provider, reference, status from subscriptions");
  const events = await database.query("select type, key from events where type like 'subscription.%'");
  const known = new Map(rows.map((row) => [`${row.provider}/${row.reference}`, row]));
  const wanted = new Map<string, SubscriptionEnd>(
    stories.flatMap(({ subscription: end }) => (end ? [[`${end.provider}/${end.reference}`, end] as const] : [])),
  );
  const invented = [...known.keys()].filter((name) => !wanted.has(name));
  return [
    ...[...wanted].flatMap(([name, end]) => [
      ...checkStatus(name, end, known.get(name)),
      ...checkTold(name, end, events),
    ]),
    ...invented.map((name) => finding("wrong", "I3", `subscription ${name} is in no story`)),
  ];
}

function checkStatus(name: string, { status }: SubscriptionEnd, row: Row | undefined): readonly Finding[] {
  if (row === undefined) return [finding("lost", "I3", `subscription ${name} is not there`)];
  if (row.status === status) return [];
  return [finding("wrong", "I3", `subscription ${name} is ${row.status}, the story says ${status}`)];
}

/** Milestones by the subscription's object, renewals by what was paid: `subscription.renewed:<scope>/invoice/in_1`. */
function checkTold(
  name: string,
  { provider, reference, told, paid }: SubscriptionEnd,
  events: readonly Row[],
): readonly Finding[] {
  const turns = events.filter(({ key }) => String(key).endsWith(`/subscription/${reference}`));
  const renewals = events.filter(
    ({ type, key }) =>
      type === "subscription.renewed" &&
      String(key).includes(`:${provider}/`) &&
      paid.some((object) => String(key).endsWith(`/${object}`)),
  );
  const counts = new Map<string, number>();
  for (const type of [...turns, ...renewals].map((event) => String(event.type)))
    counts.set(type, (counts.get(type) ?? 0) + 1);
  return TURNS.flatMap((turn) => {
    const got = counts.get(`subscription.${turn}`) ?? 0;
    const wanted = told[turn] ?? 0;
    if (got === wanted) return [];
    const kind = got > wanted ? "doubled" : "lost";
    return [finding(kind, "I2", `subscription ${name}: ${turn} was told ${got} times, the story says ${wanted}`)];
  });
}

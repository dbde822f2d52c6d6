import type { Row, TortureDatabase } from "../databases/database.ts";
import { replay } from "../model/model.ts";
import { type Endpoint, isWanted } from "../receivers/endpoints.ts";
import type { Mail } from "../receivers/mail-server.ts";
import { MERCHANT_EMAIL, type Receivers } from "../receivers/receivers.ts";
import type { Story } from "../stories/story.ts";
import { type Finding, finding } from "./finding.ts";

/** I10 and I2, of what left the service: what was told to others against what is stored, and the other way round. */

export interface ShownEvent {
  readonly id: string;
  readonly type: string;
  readonly order: string | null;
  readonly sequence: number;
}

export interface StoredDelivery {
  readonly id: string;
  readonly event: string;
  readonly receiver: string;
  readonly state: string;
  readonly reason: string;
}

export interface StoredTold {
  /** By id. */
  readonly events: ReadonlyMap<string, ShownEvent>;
  /** By id. */
  readonly deliveries: ReadonlyMap<string, StoredDelivery>;
}

export async function checkTold(parts: {
  readonly database: TortureDatabase;
  readonly url: string;
  readonly token: string;
  readonly receivers: Receivers;
  readonly stories: readonly Story[];
}): Promise<readonly Finding[]> {
  const { database, url, token, receivers, stories } = parts;
  const events = await eventsIn(url, token);
  const [counted] = await database.query("select count(*) as stored from events");
  const rows = await database.query("select id, event, receiver, state, reason from deliveries");
  const stored: StoredTold = { events, deliveries: new Map(rows.map(deliveryOf).map((each) => [each.id, each])) };
  const text = `the API lists ${events.size} events, and ${counted?.stored} are stored`;
  return [
    ...(Number(counted?.stored) === events.size ? [] : [finding("wrong", "I10", text)]),
    ...compareTold(stored, {
      endpoints: receivers.endpoints.all,
      mails: receivers.mailServer.mails,
      stories,
    }),
  ];
}

/** What is stored against what arrived at those who were told. */
export function compareTold(
  stored: StoredTold,
  told: {
    readonly endpoints: readonly Endpoint[];
    readonly mails: readonly Mail[];
    readonly stories: readonly Story[];
  },
): readonly Finding[] {
  const { endpoints, mails, stories } = told;
  return [
    ...checkSettled(stored),
    ...endpoints.flatMap((endpoint) => checkEndpoint(endpoint, stored)),
    ...checkPayloads(endpoints),
    ...checkMails(mails, stored, stories),
    ...checkPaidMails(stories, stored),
  ];
}

/** All of them, page by page. */
async function eventsIn(url: string, token: string): Promise<ReadonlyMap<string, ShownEvent>> {
  const events = new Map<string, ShownEvent>();
  let cursor = "";
  for (let more = true; more; ) {
    const answer = await fetch(`${url}/v1/events?limit=100${cursor}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    // Proven: README.md says what a page of events has; what is missing differs from what arrived.
    const page = (await answer.json()) as { data: readonly ShownEvent[]; next: string; more: boolean };
    for (const event of page.data) events.set(event.id, event);
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
    more = page.more;
  }
  return events;
}

function deliveryOf(row: Row): StoredDelivery {
  const { id, event, receiver, state, reason } = row;
  return {
    id: String(id),
    event: String(event),
    receiver: String(receiver),
    state: String(state),
    reason: reason === null ? "" : String(reason),
  };
}

function checkSettled({ deliveries }: StoredTold): readonly Finding[] {
  return [...deliveries.values()]
    .filter(({ state }) => state !== "delivered" && state !== "skipped")
    .map(({ id, receiver, state, reason }) =>
      finding("wrong", "I10", `${id} to ${receiver} is ${state} (${reason}), and all receivers are well`),
    );
}

function checkEndpoint(endpoint: Endpoint, { events, deliveries }: StoredTold): readonly Finding[] {
  const name = `${endpoint.id} (${endpoint.events.join()})`;
  const arrived = new Set(endpoint.arrivals.map(({ id }) => id));
  const wanted = [...events.values()].filter(({ type }) => isWanted(type, endpoint.events));
  return [
    ...endpoint.unbelievable.map((text) => finding("wrong", "I10", `${name} could not believe ${text}`)),
    ...wanted
      .filter(({ id }) => !arrived.has(id))
      .map(({ id, type }) => finding("lost", "I10", `${name} was never told ${type} ${id}`)),
    ...[...deliveries.values()]
      .filter(({ receiver, state, event }) => receiver === endpoint.id && state === "delivered" && !arrived.has(event))
      .map(({ id, event }) =>
        finding("wrong", "I10", `${name}: ${id} counts as delivered, and ${event} did not arrive`),
      ),
    ...endpoint.arrivals.flatMap(({ id, type, sequence, order }) => {
      const event = events.get(id);
      if (!event) return [finding("wrong", "I10", `${name} was told ${type} ${id}, which is not stored`)];
      const [told, known] = [
        [type, sequence, order],
        [event.type, event.sequence, event.order],
      ].map((each) => each.join(" "));
      if (told !== known) return [finding("wrong", "I10", `${name} was told ${id} as ${told}, and stored is ${known}`)];
      return isWanted(type, endpoint.events) ? [] : [finding("wrong", "I10", `${name} was told ${type}, unasked`)];
    }),
  ];
}

/** An event is the same bytes each time, whoever sends it to whomever. */
function checkPayloads(endpoints: readonly Endpoint[]): readonly Finding[] {
  const first = new Map<string, string>();
  return endpoints.flatMap(({ arrivals }) =>
    arrivals.flatMap(({ id, payloadHash }) => {
      const known = first.get(id) ?? payloadHash;
      first.set(id, known);
      return known === payloadHash ? [] : [finding("wrong", "I10", `${id} was told in two wordings`)];
    }),
  );
}

/** A mail belongs to a delivery of a stored event, and goes to whom that is meant for, under one Message-ID. */
function checkMails(mails: readonly Mail[], stored: StoredTold, stories: readonly Story[]): readonly Finding[] {
  const emails = new Map(stories.map(({ order }) => [order.reference, order.email]));
  const messageIds = new Map<string, string>();
  const arrived = new Set(mails.map(idOf));
  const missing = [...stored.deliveries.values()].filter(
    ({ id, receiver, state }) => receiver.startsWith("mail:") && state === "delivered" && !arrived.has(id),
  );
  return [
    ...missing.map(({ id, event }) => finding("lost", "I10", `${id} counts as mailed, and ${event} did not arrive`)),
    ...mails.flatMap((mail) => {
      const { messageId, subject, to } = mail;
      const delivery = stored.deliveries.get(idOf(mail));
      const event = stored.events.get(delivery?.event ?? "");
      if (!delivery || !event)
        return [finding("wrong", "I10", `a mail ${messageId} (${subject}) of nothing that is stored`)];
      const about = `${event.id} to ${delivery.receiver}`;
      const known = messageIds.get(about) ?? messageId;
      messageIds.set(about, known);
      const wanted = delivery.receiver === "mail:merchant" ? MERCHANT_EMAIL : emails.get(event.order ?? "");
      return [
        ...(known === messageId
          ? []
          : [finding("doubled", "I2", `${about} was mailed as ${known} and as ${messageId}`)]),
        ...(to === wanted
          ? []
          : [finding("wrong", "I10", `${event.type} ${about} was mailed to ${to}, not ${wanted}`)]),
      ];
    }),
  ];
}

/** Nothing that happened to these orders later makes the mail untrue before it goes out. */
const PLAIN: ReadonlySet<string> = new Set(["payment.paid", "order.paid"]);
/** Looked at again before it went out, it was no longer so, or a newer one tells it. */
const OVERTAKEN: ReadonlySet<string> = new Set(["no_longer_true", "overtaken"]);

/** Whoever bought hears it once. */
function checkPaidMails(stories: readonly Story[], { events, deliveries }: StoredTold): readonly Finding[] {
  const paid = new Map<string, string[]>();
  for (const { id, type, order } of events.values()) {
    if (type === "order.paid" && order !== null) paid.set(order, [...(paid.get(order) ?? []), id]);
  }
  const toBuyers = new Map(
    [...deliveries.values()].filter(({ receiver }) => receiver === "mail:buyer").map((each) => [each.event, each]),
  );
  return stories
    .filter(({ order }) => order.email !== null && order.isRegistered)
    .flatMap((story) => {
      const { told } = replay(story.happenings, story.order);
      const isPlain = [...told.keys()].every((type) => PLAIN.has(type));
      return (paid.get(story.order.reference) ?? []).flatMap((event) => {
        const { state = "missing", reason = "" } = toBuyers.get(event) ?? {};
        if (state === "delivered" || (!isPlain && state === "skipped" && OVERTAKEN.has(reason))) return [];
        const text = `${story.name} (${story.order.reference}): the mail of ${event} to the buyer is ${state} (${reason})`;
        return [finding("lost", "I10", text)];
      });
    });
}

/** `dlv_…` of `dlv_…@shop.example` */
function idOf({ messageId }: Mail): string {
  return messageId.split("@", 1)[0] ?? "";
}

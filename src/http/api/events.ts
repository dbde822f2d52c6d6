import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type * as z from "zod";
import { readPlace, writePlace } from "../../outbox/event-place.ts";
import type { Reading } from "../../outbox/feed.ts";
import { isTypeAmong } from "../../payments/event.ts";
import type { EventPosition, EventRequest } from "../../store/reading.ts";
import type { EventView } from "../../store/store.ts";
import { refuse } from "../errors.ts";
import { type EventStream, EventStreams } from "../event-stream.ts";
import { resource } from "../methods.ts";
import { networkOf } from "../network.ts";
import { InvalidRequest, read, sendJson } from "./answer.ts";
import { defined } from "./orders.ts";
import type { ApiParts } from "./parts.ts";
import { type eventFilter, eventId, eventQuery, eventStreamQuery } from "./schemas.ts";

/** What Paybell told, in the order in which it may be followed: page by page, or as it happens. */
export function eventRoutes(app: FastifyInstance, parts: ApiParts): void {
  const streams = new EventStreams(app);
  resource(app, "/v1/events", {
    GET: async (request, reply) => {
      const { limit, cursor, ...filter } = read(eventQuery, request.query);
      const after = await placeOf(parts, "cursor", cursor ?? null);
      const page = await parts.backend().store.read.events({ after, limit, ...filterOf(filter) });
      return sendJson(reply, 200, { data: page.rows.map(shownEvent), next: writePlace(page.end), more: page.more });
    },
  });
  resource(app, "/v1/events/:id", {
    GET: async (request, reply) => {
      // Proven: the route has this parameter, and Fastify's parameters are strings.
      const { id } = request.params as { readonly id: string };
      const event = await parts.backend().store.read.event(read(eventId, id));
      if (!event) return refuse(request, reply, { error: "not_found", message: "no event of that id" });
      return sendJson(reply, 200, shownEvent(event));
    },
  });
  resource(app, "/v1/events/stream", { GET: (request, reply) => stream(parts, streams, request, reply) });
}

async function stream(
  parts: ApiParts,
  streams: EventStreams,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { after, ...rest } = read(eventStreamQuery, request.query);
  const lastSeen = request.headers["last-event-id"];
  // Where the client comes again by itself its header is newer than the address that it was given.
  const from = lastSeen === undefined || Array.isArray(lastSeen) || lastSeen === "" ? after : lastSeen;
  const start = from === undefined ? "now" : await placeOf(parts, "after", from);
  const giveBack = parts.streams.take(networkOf(request.ip), 1);
  if (giveBack === null) {
    return refuse(request, reply, {
      error: "unavailable",
      message: "too many streams are open",
      retryAfterSeconds: 30,
    });
  }
  const reading = await parts.feed.open(start).catch((error: unknown) => {
    giveBack();
    throw error;
  });
  const open = streams.open(reply, () => {
    reading.close();
    giveBack();
  });
  await tell(open, reading, filterOf(rest));
  return reply;
}

type Filter = Pick<EventRequest, "types" | "order" | "payment">;

/** Ends with the stream. Whoever reads slowly is waited for by this loop alone, and then cut off. */
async function tell(stream: EventStream, reading: Reading, filter: Filter): Promise<void> {
  while (!stream.signal.aborted) {
    const events = await reading.next(stream.signal);
    const wanted = events.filter((event) => isWanted(event, filter));
    await stream.send(
      wanted.map((event) => ({ id: writePlace(event.place), event: event.type, data: shownEvent(event) })),
    );
  }
}

function isWanted(event: EventView, { types, order, payment }: Filter): boolean {
  return (
    isTypeAmong(event.type, types) &&
    (order === undefined || event.order === order) &&
    (payment === undefined || event.payment === payment)
  );
}

function filterOf({ type: types, order, payment }: z.infer<typeof eventFilter>): Filter {
  return defined({ types, order, payment });
}

/** A place that an answer named, `beginning`, or an event's id. */
async function placeOf(parts: ApiParts, path: string, text: string | null): Promise<EventPosition | null> {
  if (text === null) return null;
  const place = readPlace(text);
  if (place !== undefined) return place;
  const event = eventId.safeParse(text).success ? await parts.backend().store.read.event(text) : null;
  if (event === null) throw new InvalidRequest([{ path, message: "is neither a `next` of ours nor an event's id" }]);
  return event.resumeAfter;
}

/** As it was frozen when it was told: the payment or the order is what it was then. */
function shownEvent({ id, type, at, order, payment, sequence, snapshot }: EventView) {
  return { id, type, at: at.toISOString(), order, payment, sequence, data: JSON.parse(snapshot) as unknown };
}

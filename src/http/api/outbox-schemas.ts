import * as z from "zod";
import { isEventPattern } from "../../payments/event-types.ts";
import type { DeliveryState } from "../../store/outbox.ts";
import { orderReference, paging, printable, rowId, statusesBy, time } from "./schemas.ts";
import { reader } from "./words.ts";

/** What the API takes about endpoints and deliveries. */

const MAX_RATE = 1_000;
const DEFAULT_RATE = 100;

const events = z
  .array(z.string("must be a text").refine(isEventPattern, "is no type of event"), "must be a list")
  .min(1, "must name a type of event, or * for all")
  .max(50, "must not have more than 50 entries");

const url = z
  .string("must be a text")
  .min(1, "must not be empty")
  .max(2_000, "must not be longer than 2000 characters");
const rate = z
  .number("must be a whole number of deliveries a second")
  .int("must be a whole number of deliveries a second")
  .min(1, "must be at least 1")
  .max(MAX_RATE, `must not be more than ${MAX_RATE}`);
const live = z.boolean("must be true, false or null").nullable();
const enabled = z.boolean("must be true or false");
const description = z.union([z.literal(""), printable(200)], "must be a text of at most 200 characters");

export const newEndpoint = z.strictObject({
  url,
  events: events.default(["*"]),
  description: description.default(""),
  live: live.optional(),
  rate: rate.default(DEFAULT_RATE),
  enabled: enabled.default(true),
});

export const endpointChange = z
  .strictObject({ url, events, description, live, rate, enabled })
  .partial()
  .refine((body) => Object.keys(body).length > 0, "nothing is to be changed");

export const nothing = z.strictObject({});

export const redelivery = z.strictObject({
  since: time,
  until: time.optional(),
  types: events.optional(),
  onlyFailed: z.boolean("must be true or false").default(true),
  cursor: rowId.optional(),
});

export const endpointQuery = z.strictObject(paging);

export const endpointId = z.string().regex(/^ep_[0-9a-z]{10,40}$/, "is not an id of an endpoint");

const DELIVERY_STATES: readonly DeliveryState[] = ["waiting", "delivered", "failed", "skipped"];
const readDeliveryStates = reader(DELIVERY_STATES, new Map<string, readonly DeliveryState[]>());

export const deliveryQuery = z.strictObject({
  receiver: printable(100).optional(),
  state: statusesBy(readDeliveryStates).optional(),
  event: rowId.optional(),
  order: orderReference.optional(),
  ...paging,
});

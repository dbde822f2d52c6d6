import { expect } from "vitest";
import type { AuthenticNotification, Parsed, RawNotification } from "../../../src/gateways/gateway.ts";
import { stripe } from "../../../src/gateways/stripe/index.ts";
import type { StripePayload } from "../../../src/gateways/stripe/payload.ts";
import type { Fact, ObjectKind } from "../../../src/payments/fact.ts";
import { CREATED, event, type Json } from "./objects.ts";

/** Reading without the pipeline: what a proven notification says. */

export function rawOf(body: string | Uint8Array, receivedAt = new Date((CREATED + 3) * 1000)): RawNotification {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return { body: bytes, headers: new Map(), query: new URLSearchParams(), receivedAt };
}

export function parse(sent: Json | string, receivedAt?: Date): Parsed<StripePayload> {
  const raw = rawOf(typeof sent === "string" ? sent : JSON.stringify(sent), receivedAt);
  // Stands for the pipeline's proof: these tests are about what is read, and verifying has tests of its own.
  return stripe.parse(raw as AuthenticNotification);
}

/** The facts of an event of `type` about `object`. */
export function factsOf(
  type: string,
  object: Json,
  more: Json = {},
  orderFields = stripe.orderFields,
): readonly Fact[] {
  const parsed = parse(event(type, object, more));
  if (parsed.kind === "unreadable") throw new Error(parsed.detail);
  const items = stripe.normalize(parsed.payload, { orderFields });
  expect(items).toHaveLength(1);
  return items[0]?.facts ?? [];
}

/** The facts of one kind, which TypeScript then knows. */
export function only<Kind extends ObjectKind>(
  kind: Kind,
  facts: readonly Fact[],
): readonly Extract<Fact, { kind: Kind }>[] {
  return facts.filter((fact): fact is Extract<Fact, { kind: Kind }> => fact.kind === kind);
}

export function detailOf(type: string, object: Json, more: Json = {}): string | null {
  const parsed = parse(event(type, object, more));
  return parsed.kind === "unreadable" ? parsed.detail : null;
}

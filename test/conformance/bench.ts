import type { AnyGateway, Channel, Item, Outbound, RawNotification, Verdict } from "../../src/gateways/gateway.ts";
import { OutboundError } from "../../src/gateways/gateway.ts";
import { authenticate } from "../../src/pipeline/authentic.ts";
import type { Vector } from "./vector.ts";

/** A gateway on the bench: bound to one vector's account, clock and network. */
export interface Bench {
  readonly channel: Channel;
  /** URLs asked for that the vector has no answer to, and why each was refused. Must stay empty. */
  readonly surprises: readonly string[];
}

export function bench(gateway: AnyGateway, vector: Vector, now: Date = vector.now): Bench {
  const surprises: string[] = [];
  const channel = bindTo(gateway, vector, now, (origins) => answering(vector, origins, surprises));
  return { channel, surprises };
}

/** The same with a network that does whatever the test wants. */
export function benchWith(gateway: AnyGateway, vector: Vector, outbound: Outbound): Channel {
  return bindTo(gateway, vector, vector.now, () => outbound);
}

function bindTo(
  gateway: AnyGateway,
  vector: Vector,
  now: Date,
  outbound: (origins: readonly string[]) => Outbound,
): Channel {
  return gateway.bind({
    settings: vector.settings,
    account: vector.account,
    mapping: { orderFields: vector.orderFields ?? gateway.orderFields },
    now: () => now,
    outbound,
  });
}

function answering(vector: Vector, origins: readonly string[], surprises: string[]): Outbound {
  return {
    async request({ method, url }) {
      const answer = vector.answers[url];
      if (!origins.includes(new URL(url).origin))
        surprises.push(`${url} is not among the origins ${origins.join(" ")}`);
      else if (answer === undefined) surprises.push(`${method} ${url} has no answer`);
      if (answer === undefined) throw new OutboundError("network", `no answer to ${url}`);
      return {
        status: answer.status,
        headers: new Map(Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value])),
        body: new Uint8Array(Buffer.from(answer.body)),
      };
    },
  };
}

/** `authentic`, `forged/too_old`, `unproven_yet/needs_confirmation`. */
export function wordOf(verdict: Verdict): string {
  return verdict.kind === "authentic" ? verdict.kind : `${verdict.kind}/${verdict.reason}`;
}

/** What the gateway understands of a notification taken for proven. */
export function read(channel: Channel, raw: RawNotification): ReturnType<Channel["read"]> {
  return channel.read(authenticate(raw, { kind: "journaled_as_proven" }));
}

export function itemsOf(channel: Channel, raw: RawNotification): readonly Item[] {
  const parsed = read(channel, raw);
  if (parsed.kind === "unreadable") throw new Error(`unreadable: ${parsed.detail}`);
  return parsed.payload;
}

const TIMES: ReadonlySet<string> = new Set([
  "at",
  "deadline",
  "periodStart",
  "periodEnd",
  "trialEnd",
  "retryAt",
  "paidAt",
]);

/** As vectors write it: amounts are strings of digits, times are ISO. */
export function plain(value: unknown, name = ""): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && TIMES.has(name)) return new Date(value).toISOString();
  if (Array.isArray(value)) return value.map((each) => plain(each));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each, key)]));
}

/** Of `actual` only what `expected` names, so that a comparison shows the difference and nothing else. */
export function onlyNamed(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(actual) && Array.isArray(expected))
    return actual.map((each, index) => onlyNamed(each, expected[index]));
  if (!isRecord(actual) || !isRecord(expected)) return actual;
  return Object.fromEntries(
    Object.keys(expected).map((key) => [key, key === "facts" ? onlyNamed(actual[key], expected[key]) : actual[key]]),
  );
}

/** ISO times without milliseconds and with them are the same time. */
export function sameTimes(value: unknown, name = ""): unknown {
  if (typeof value === "string" && TIMES.has(name)) return new Date(value).toISOString();
  if (Array.isArray(value)) return value.map((each) => sameTimes(each));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sameTimes(each, key)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

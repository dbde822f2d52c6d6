import type { Logger } from "pino";
import type { Rules } from "../pipeline/rules.ts";
import type { Audit, AuditView } from "../store/audit.ts";
import { checkPaymentCustomers } from "./check-customers.ts";
import { checkFacts } from "./check-facts.ts";
import { checkOrders } from "./check-orders.ts";
import { checkPayments } from "./check-payments.ts";
import { checkSeals } from "./check-seals.ts";
import { checkSubscriptions } from "./check-subscriptions.ts";
import { type Finding, Findings } from "./finding.ts";

export interface SamplerParts {
  /** Called when the first sample is due: a start waits for nothing of it. */
  readonly open: () => Promise<Audit>;
  readonly rules: Rules;
  readonly log: Logger;
  readonly everyMs: number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly onSampled: (sampled: {
    readonly payments: number;
    readonly findings: readonly Finding[];
    readonly seconds: number;
  }) => void;
}

/**
 * So few payments at a time that nobody notices: some 25 statements over indexes; measured beside a busy machine's other
 * work 30 to 60 ms on SQLite, 200 ms on PostgreSQL, most of it waiting. SQLite's driver holds the event loop for the time
 * of each statement, never for the sum of them.
 */
const PAYMENTS = 20;
/** Anybody may name an order, and a payment up to eight. */
const ORDERS = 20;
/** Their ids are hashes, so that anywhere is as good as anywhere else. */
const SUBSCRIPTIONS = 5;
/** Of the newest inputs, which are worth most to whoever changes them. */
const SEALS = 2;

/** The checks of `paybell check`, on a few payments somewhere in the table, again and again while the service runs. */
export class Sampler {
  readonly #parts: SamplerParts;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #audit: Audit | null = null;

  constructor(parts: SamplerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.sample().then(() => {
        if (this.#timer !== null) this.start();
      });
    }, this.#parts.everyMs).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#running;
    await this.#audit?.close();
    this.#audit = null;
  }

  /** One page; never rejects. */
  async sample(): Promise<void> {
    const { open, rules, log, random, onSampled } = this.#parts;
    const began = performance.now();
    try {
      const findings = new Findings();
      this.#audit ??= await open();
      const payments = await this.#audit.snapshot((view) => samplePage(view, rules, random, findings));
      onSampled({ payments, findings: findings.kept, seconds: (performance.now() - began) / 1000 });
    } catch (error) {
      log.warn({ err: error }, "a sample could not be checked; the next one may be");
    }
  }
}

async function samplePage(view: AuditView, rules: Rules, random: () => number, { report }: Findings): Promise<number> {
  const newest = await view.newestSeal();
  if (newest !== null) await checkSeals(view, await view.seals(newest.number - SEALS, SEALS), report);
  if (rules.effects.has("subscriptions"))
    await checkSubscriptions(view, await view.subscriptions(somewhere(random()), SUBSCRIPTIONS), report);
  const range = await view.paymentRange();
  if (range === null) return 0;
  const payments = await view.payments(between(range.first, range.last, random()), PAYMENTS);
  const facts = await view.factsOf(payments.map(({ id }) => id));
  await checkPayments(view, rules, payments, report);
  await checkPaymentCustomers(view, rules, payments, report);
  await checkFacts(view, facts, report);
  const orders = new Set(payments.flatMap(({ state }) => state?.orders ?? []));
  await checkOrders(view, rules, [...orders].slice(0, ORDERS), report);
  return payments.length;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** `pay_` and ten characters of the time (see `newId`). */
const TIME = /^([a-z]+_)([0-9a-z]{10})/;

function somewhere(share: number): string {
  return `sbn_${encode(Math.floor(share * 32 ** 10))}`;
}

/** An id somewhere between two, by the time in them; just before the first where they have none. */
function between(first: string, last: string, share: number): string {
  const [, prefix, from] = TIME.exec(first) ?? [];
  const [, , to] = TIME.exec(last) ?? [];
  if (prefix === undefined || from === undefined || to === undefined) return "";
  const [start, end] = [decode(from), decode(to)];
  return `${prefix}${encode(Math.floor(start + share * Math.max(0, end - start)))}`;
}

function decode(text: string): number {
  return [...text].reduce((value, character) => value * 32 + Math.max(0, ALPHABET.indexOf(character)), 0);
}

function encode(value: number): string {
  let rest = value;
  let text = "";
  for (let i = 0; i < 10; i += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

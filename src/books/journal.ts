import { readSubject } from "../payments/ledger.ts";
import { type Currency, exponentOf, formatDecimal } from "../payments/money.ts";
import type { Posting } from "../store/effect-rows.ts";

/** The plain-text format of hledger (https://hledger.org/hledger.html#journal); Ledger reads it too. */

/** Writes entries one after the other, and declares accounts and commodities where they first come, for strict checks. */
export class JournalWriter {
  readonly #declared = new Set<string>();

  head(live: boolean): string {
    return `; ${live ? "Live" : "Test"} money. Dates: when it was posted = when it happened, UTC.\n`;
  }

  /** `lines`: those of one entry, at least one. */
  entry(lines: readonly [Posting, ...Posting[]]): string {
    const [{ subject, version, at, effectiveAt, ...cause }] = lines;
    const { payment, payout, order: own } = readSubject(subject);
    const order = own ?? cause.order;
    const tags = [
      ...(payment === null ? [] : [`payment:${plain(payment)}`]),
      ...(payout === null ? [] : [`payout:${plain(payout)}`]),
      ...(order === null ? [] : [`order:${plain(order)}`]),
      ...(cause.fact === null ? [] : [`fact:${plain(cause.fact)}`]),
      ...(cause.input === null ? [] : [`input:${plain(cause.input)}`]),
    ];
    return [
      ...lines.flatMap(({ account, currency }) => this.#declare(account, currency)),
      "",
      `${day(at)}=${day(effectiveAt)} * (${plain(subject)}#${version})  ; ${tags.join(", ")}`,
      ...lines.map(
        ({ account, currency, amount }) =>
          `    ${account.padEnd(40)}  ${formatDecimal(amount, currency).padStart(16)} ${currency}`,
      ),
      "",
    ].join("\n");
  }

  #declare(account: string, currency: Currency): readonly string[] {
    return [`account ${account}`, `commodity ${sample(currency)}`].filter((line) => {
      const isNew = !this.#declared.has(line);
      this.#declared.add(line);
      return isNew;
    });
  }
}

/** `1000.00 USD`, `1000. JPY`: it says how many decimals the currency has. */
function sample(currency: Currency): string {
  return `1000.${"0".repeat(exponentOf(currency))} ${currency}`;
}

function day(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/** Text from outside, with nothing in it that means something to the format: percent-encoded, as in an address. */
function plain(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._~/#@:-]+/gu, (part) => encodeURIComponent(part).replaceAll(/[!'()*]/g, escaped));
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

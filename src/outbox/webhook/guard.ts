import type { LookupFunction } from "node:net";
import { isIP } from "node:net";
import { blockListOf, isAmong, isPublicAddress } from "./addresses.ts";

/** The addresses behind a name. Rejects where there are none, or nobody tells them in time. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface GuardOptions {
  /** Addresses, CIDR ranges and names that may be called wherever they are: `10.1.0.0/16`, `shop.internal`. */
  readonly allow: readonly string[];
  /** Outside of production also http, any port, and this very machine. */
  readonly production: boolean;
  readonly resolve: Resolve;
}

const LOOPBACK = ["127.0.0.0/8", "::1"];

/** Thrown on the way to an address that may not be called. Its message names none: it may be told to a stranger. */
export class BlockedAddress extends Error {
  override readonly name = "BlockedAddress";
  readonly code = "EBLOCKED";
}

/**
 * Keeps what others wrote (an endpoint's URL, and what its name resolves to at this moment) from turning us against our
 * own network. A URL is judged when it is registered and again before each attempt; an address when it is connected to,
 * and only to what was judged.
 */
export class Guard {
  readonly #options: GuardOptions;
  readonly #allowedRanges: ReturnType<typeof blockListOf>;
  readonly #allowedNames: ReadonlySet<string>;

  constructor(options: GuardOptions) {
    this.#options = options;
    const ranges = options.allow.filter(isRange);
    this.#allowedRanges = blockListOf([...ranges, ...(options.production ? [] : LOOPBACK)]);
    this.#allowedNames = new Set(options.allow.filter((entry) => !isRange(entry)).map((name) => name.toLowerCase()));
  }

  /** What is wrong with it, in words for whoever registers it; null for nothing. Asks nobody. */
  problemOf(text: string): string | null {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url === null) return "must be a URL";
    if (url.protocol !== "https:" && url.protocol !== "http:") return "must be an https URL";
    if (url.username !== "" || url.password !== "") return "must not contain credentials";
    if (url.hash !== "") return "must not have a fragment";
    const host = hostOf(url);
    const isLiteral = isIP(host) !== 0;
    if (isLiteral && !this.#mayCall(host, host)) return "must not be an address outside of the public Internet";
    if (!this.#options.production || this.#isNamed(host)) return null;
    if (url.protocol !== "https:") return "must be an https URL";
    return url.port === "" ? null : "must be on port 443, or its host in ENDPOINT_ALLOW";
  }

  /** The same after asking where its name leads now. That nobody knows the name is found out when it is called. */
  async problemNow(text: string): Promise<string | null> {
    const problem = this.problemOf(text);
    if (problem !== null) return problem;
    const host = hostOf(new URL(text));
    if (isIP(host) !== 0) return null;
    const addresses = await this.#options.resolve(host).catch(() => []);
    const isBlocked = addresses.some((address) => !this.#mayCall(host, address));
    return isBlocked ? "must not lead to an address outside of the public Internet" : null;
  }

  /** For `connect`: all that a name leads to is judged, and one address that may not be called spoils them all. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    this.#addressesOf(name).then(
      (found) => {
        const wanted = found.filter(({ family }) => !options.family || family === familyNumber(options.family));
        const [first] = wanted;
        if (first === undefined) callback(missing(name), "", 0);
        else if (options.all === true) callback(null, [...wanted]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : missing(name), "", 0),
    );
  };

  async #addressesOf(name: string): Promise<readonly { readonly address: string; readonly family: number }[]> {
    const addresses = await this.#options.resolve(name);
    if (addresses.some((address) => !this.#mayCall(name, address))) {
      throw new BlockedAddress("the name leads to an address that may not be called");
    }
    return addresses.map((address) => ({ address, family: isIP(address) }));
  }

  #mayCall(host: string, address: string): boolean {
    return (
      isPublicAddress(address) || this.#allowedNames.has(withoutDot(host)) || isAmong(this.#allowedRanges, address)
    );
  }

  /** By configuration, and not by being this machine. */
  #isNamed(host: string): boolean {
    return this.#allowedNames.has(withoutDot(host)) || isAmong(this.#allowedRanges, host);
  }
}

function isRange(entry: string): boolean {
  return isIP(entry.split("/")[0] ?? "") !== 0;
}

/** Without brackets. URL has written decimal, octal and hexadecimal forms of IPv4 as four numbers already. */
function hostOf({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

/** `localhost.` is `localhost`. */
function withoutDot(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

function familyNumber(family: number | "IPv4" | "IPv6"): number {
  return family === "IPv4" ? 4 : family === "IPv6" ? 6 : family;
}

function missing(name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`no address is known of ${name}`), { code: "ENOTFOUND" });
}

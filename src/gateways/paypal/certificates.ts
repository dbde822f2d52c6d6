import { type KeyObject, X509Certificate } from "node:crypto";
import { type Outbound, OutboundError } from "../gateway.ts";
import { anchorsId, readCertificates, type TrustAnchors, verifyCertificate } from "../signing/certificate.ts";
import { DIGICERT_INTERMEDIATES, DIGICERT_ROOTS } from "./digicert.ts";

/**
 * The keys that PayPal signs with, by their certificate's address: fetched once however many wait, kept until the chain
 * ends, bounded in number whatever addresses are invented.
 */

export type KeyLookup =
  | { readonly kind: "key"; readonly key: KeyObject }
  /** There is an answer, and it is no certificate of PayPal's. */
  | { readonly kind: "refused" }
  | { readonly kind: "unreachable" };

export interface KeyRequest {
  readonly url: string;
  /** The name that the certificate must have. */
  readonly name: string;
  /** Further authorities, PEM; null for the built-in ones only. */
  readonly extraPem: string | null;
  /** Whether these may end a chain; otherwise they only lead to a built-in root, and are trusted for nothing by themselves. */
  readonly extraAreRoots: boolean;
  readonly outbound: Outbound;
  readonly now: () => Date;
}

export interface Certificates {
  find(request: KeyRequest): Promise<KeyLookup>;
}

interface TrustedKey {
  readonly key: KeyObject;
  readonly validFrom: number;
  readonly validUntil: number;
}

const MAX_TRUSTED = 64;
const MAX_REFUSED = 256;
/** Long enough to take a burst of one forged address as one request, short enough for a certificate published late. */
const REFUSED_FOR_MS = 5_000;
/** Invented ids at PayPal's own host each need a request to be told apart; this bounds what a flood of them can cause. */
const MAX_FETCHES = 8;
const FETCH_TIMEOUT_MS = 5_000;
const MAX_CERTIFICATE_BYTES = 65_536;

/** A cache of its own; one for the process, so that accounts of one mode share what was fetched. */
export function createCertificates(): Certificates {
  const trusted = new Map<string, TrustedKey>();
  const refusedUntil = new Map<string, number>();
  const underWay = new Map<string, Promise<KeyLookup>>();
  const anchors = createAnchors();

  async function fetchKey(id: string, request: KeyRequest, trust: TrustAnchors): Promise<KeyLookup> {
    const fetched = await fetchPem(request);
    if (fetched.kind === "unreachable") return fetched;
    const now = request.now();
    const verdict =
      fetched.kind === "pem"
        ? verifyCertificate({ pem: fetched.pem, anchors: trust, name: request.name, now })
        : ({ kind: "refused" } as const);
    if (verdict.kind === "refused") {
      put(refusedUntil, id, now.getTime() + REFUSED_FOR_MS, MAX_REFUSED);
      return { kind: "refused" };
    }
    put(trusted, id, verdict, MAX_TRUSTED);
    return { kind: "key", key: verdict.key };
  }

  return {
    async find(request) {
      const trust = anchors(request.extraPem, request.extraAreRoots);
      const id = `${request.name} ${trust.id} ${request.url}`;
      const now = request.now().getTime();
      const known = trusted.get(id);
      if (known && known.validFrom <= now && now <= known.validUntil) return { kind: "key", key: known.key };
      if ((refusedUntil.get(id) ?? 0) > now) return { kind: "refused" };
      const waiting = underWay.get(id);
      if (waiting !== undefined) return waiting;
      if (underWay.size >= MAX_FETCHES) return { kind: "unreachable" };
      const lookup = fetchKey(id, request, trust).finally(() => underWay.delete(id));
      underWay.set(id, lookup);
      return lookup;
    },
  };
}

async function fetchPem(
  request: KeyRequest,
): Promise<{ readonly kind: "pem"; readonly pem: string } | { readonly kind: "refused" | "unreachable" }> {
  try {
    const answer = await request.outbound.request({
      method: "GET",
      url: request.url,
      timeoutMs: FETCH_TIMEOUT_MS,
      maxBytes: MAX_CERTIFICATE_BYTES,
    });
    if (answer.status === 200) return { kind: "pem", pem: Buffer.from(answer.body).toString("latin1") };
    // The host answered for itself: there is no such certificate. Anything else may pass.
    return { kind: answer.status === 404 || answer.status === 410 ? "refused" : "unreachable" };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return { kind: error.reason === "timeout" || error.reason === "network" ? "unreachable" : "refused" };
  }
}

/** The trust anchors for each set of further authorities, read once. Sets come from settings, so there are as many as accounts. */
function createAnchors(): (pem: string | null, areRoots: boolean) => TrustAnchors & { readonly id: string } {
  const intermediates = DIGICERT_INTERMEDIATES.map(({ pem }) => new X509Certificate(pem));
  const roots = DIGICERT_ROOTS.map(({ pem }) => new X509Certificate(pem));
  const known = new Map<string, TrustAnchors & { readonly id: string }>();
  return (pem, areRoots) => {
    const name = `${areRoots} ${pem ?? ""}`;
    const found = known.get(name);
    if (found) return found;
    const more = readCertificates(pem ?? "") ?? [];
    const anchors = areRoots
      ? { intermediates, roots: [...roots, ...more] }
      : { intermediates: [...intermediates, ...more], roots };
    const made = { ...anchors, id: anchorsId(anchors) };
    known.set(name, made);
    return made;
  };
}

/** A Map keeps the order of insertion: beyond the bound the oldest goes. */
function put<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.size > max ? map.keys().next() : undefined;
  if (oldest && !oldest.done) map.delete(oldest.value);
}

import { createHash, type KeyObject, X509Certificate } from "node:crypto";

/**
 * Whether a certificate that a provider signs messages with is what it must be: chained to a root that we pinned, valid now,
 * issued to the provider's name. Everything is checked here and nothing is left to the transport, because the certificate's
 * address comes from the sender.
 */

export interface TrustAnchors {
  readonly roots: readonly X509Certificate[];
  /** Known authorities in between, for providers that send the leaf alone. Trusted for nothing by themselves. */
  readonly intermediates: readonly X509Certificate[];
}

export type CertificateVerdict =
  /** `key` may be used from `validFrom` until `validUntil` (ms since 1970), the narrowest span of the whole chain. */
  | { readonly kind: "trusted"; readonly key: KeyObject; readonly validFrom: number; readonly validUntil: number }
  | {
      readonly kind: "refused";
      readonly reason: "unreadable" | "wrong_name" | "wrong_usage" | "weak_key" | "not_valid_now" | "no_chain";
    };

/** Leaf, two authorities in between, root. DigiCert's chains have one in between. */
const MAX_CHAIN = 4;
const MAX_CERTIFICATES = 6;
const MIN_RSA_BITS = 2048;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/**
 * Checks the first certificate of a PEM text against the anchors at `now`. Total: text that is no certificate is `refused`.
 * The clauses follow RFC 5280 §6.1 as far as a chain of public authorities needs them: names, signatures, validity,
 * basicConstraints and keyCertSign (`checkIssued` looks at that), not policies, name constraints or revocation.
 */
export function verifyCertificate(request: {
  readonly pem: string;
  readonly anchors: TrustAnchors;
  /** The subject's common name and a DNS name of subjectAltName must equal it. */
  readonly name: string;
  readonly now: Date;
}): CertificateVerdict {
  const given = readCertificates(request.pem);
  const leaf = given?.[0];
  if (!given || !leaf) return { kind: "refused", reason: "unreadable" };
  if (!isNamed(leaf, request.name)) return { kind: "refused", reason: "wrong_name" };
  if (leaf.ca || !hasUsage(leaf)) return { kind: "refused", reason: "wrong_usage" };
  // Providers sign messages with RSA; an elliptic leaf would let the same call verify another algorithm.
  if (leaf.publicKey.asymmetricKeyType !== "rsa" || !isStrong(leaf.publicKey))
    return { kind: "refused", reason: "weak_key" };
  const pool = [...given.slice(1), ...request.anchors.intermediates];
  const now = request.now.getTime();
  if (!isValidAt(leaf, now)) return { kind: "refused", reason: "not_valid_now" };
  const chain = findChain([leaf], pool, request.anchors.roots, now);
  if (!chain) return { kind: "refused", reason: "no_chain" };
  return {
    kind: "trusted",
    key: leaf.publicKey,
    validFrom: Math.max(...chain.map((link) => Date.parse(link.validFrom))),
    validUntil: Math.min(...chain.map((link) => Date.parse(link.validTo))),
  };
}

/** The certificates of a PEM text in their order; null where there are none, too many, or one that cannot be read. */
export function readCertificates(pem: string): readonly X509Certificate[] | null {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || blocks.length > MAX_CERTIFICATES) return null;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return null;
  }
}

/** What names a set of anchors, for caches. */
export function anchorsId(anchors: TrustAnchors): string {
  const hash = createHash("sha256");
  for (const { fingerprint256 } of anchors.roots) hash.update(fingerprint256);
  hash.update("/");
  for (const { fingerprint256 } of anchors.intermediates) hash.update(fingerprint256);
  return hash.digest("hex");
}

/** Depth first over every possible issuer, bounded by MAX_CHAIN: a wrong one among several of the same name costs nothing. */
function findChain(
  chain: readonly X509Certificate[],
  pool: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  now: number,
): readonly X509Certificate[] | null {
  const last = chain.at(-1);
  if (!last) return null;
  const root = roots.find((candidate) => issued(candidate, last, now));
  if (root) return [...chain, root];
  if (chain.length + 1 >= MAX_CHAIN) return null;
  for (const candidate of pool) {
    if (!chain.includes(candidate) && issued(candidate, last, now)) {
      const found = findChain([...chain, candidate], pool, roots, now);
      if (found) return found;
    }
  }
  return null;
}

function issued(issuer: X509Certificate, subject: X509Certificate, now: number): boolean {
  return (
    issuer.ca &&
    isValidAt(issuer, now) &&
    subject.checkIssued(issuer) &&
    isStrong(issuer.publicKey) &&
    subject.verify(issuer.publicKey)
  );
}

function isValidAt(certificate: X509Certificate, now: number): boolean {
  return Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
}

/** One common name, and it is the expected one; the same among the DNS names, where that extension exists. */
function isNamed(certificate: X509Certificate, name: string): boolean {
  const commonNames = certificate.subject.split("\n").filter((part) => part.startsWith("CN="));
  if (commonNames.length !== 1 || commonNames[0] !== `CN=${name}`) return false;
  const alternatives = certificate.subjectAltName?.split(", ");
  return alternatives === undefined || alternatives.includes(`DNS:${name}`);
}

/** Node's `keyUsage` is X.509's extendedKeyUsage. Without the extension any use is allowed; PayPal's name both of these. */
function hasUsage(certificate: X509Certificate): boolean {
  // Node types it as an array, and returns undefined where the extension is absent.
  const usages: readonly string[] | undefined = certificate.keyUsage;
  return usages === undefined || usages.includes(SERVER_AUTH) || usages.includes(CLIENT_AUTH);
}

/** RSA of 2048 bits and more; elliptic curves for authorities (DigiCert's G3), never smaller than P-256. */
function isStrong(key: KeyObject): boolean {
  if (key.asymmetricKeyType === "rsa") return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
  return (
    key.asymmetricKeyType === "ec" &&
    /^(prime256v1|secp384r1|secp521r1)$/.test(key.asymmetricKeyDetails?.namedCurve ?? "")
  );
}

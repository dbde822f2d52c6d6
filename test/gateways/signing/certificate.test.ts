import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { describe, expect, test } from "vitest";
import { DIGICERT_INTERMEDIATES, DIGICERT_ROOTS } from "../../../src/gateways/paypal/digicert.ts";
import { type TrustAnchors, verifyCertificate } from "../../../src/gateways/signing/certificate.ts";
import { type CertificateRequest, issueCertificate } from "../../../src/gateways/signing/issue-certificate.ts";

const NAME = "messageverificationcerts.example.com";
const NOW = new Date("2026-01-05T10:00:00Z");

const rsa = (modulusLength = 2048) => generateKeyPairSync("rsa", { modulusLength });
const rootKeys = rsa();
const middleKeys = rsa();
const leafKeys = rsa();
const ROOT = { commonName: "Root", privateKey: rootKeys.privateKey };
const MIDDLE = { commonName: "Middle", privateKey: middleKeys.privateKey };

function issue(changes: Partial<CertificateRequest>): string {
  return issueCertificate({
    commonName: NAME,
    dnsNames: [NAME],
    publicKey: leafKeys.publicKey,
    serial: Buffer.from([1, 2, 3]),
    notBefore: new Date("2025-06-01T00:00:00Z"),
    notAfter: new Date("2026-06-01T00:00:00Z"),
    isAuthority: false,
    usages: ["serverAuth", "clientAuth"],
    issuer: ROOT,
    ...changes,
  });
}

const authority = (commonName: string, changes: Partial<CertificateRequest>): string =>
  issue({
    commonName,
    dnsNames: [],
    isAuthority: true,
    usages: [],
    notAfter: new Date("2030-01-01T00:00:00Z"),
    ...changes,
  });

const rootPem = authority("Root", { publicKey: rootKeys.publicKey });
const middlePem = authority("Middle", { publicKey: middleKeys.publicKey });

const of = (...pems: readonly string[]): TrustAnchors => ({
  roots: [new X509Certificate(rootPem)],
  intermediates: pems.map((pem) => new X509Certificate(pem)),
});

function reasonOf(pem: string, anchors: TrustAnchors = of(), now = NOW): string {
  const verdict = verifyCertificate({ pem, anchors, name: NAME, now });
  return verdict.kind === "trusted" ? "trusted" : verdict.reason;
}

describe("a certificate is trusted", () => {
  test("under a pinned root, for the narrowest span of its chain", () => {
    const verdict = verifyCertificate({ pem: issue({}), anchors: of(), name: NAME, now: NOW });
    expect(verdict).toMatchObject({
      kind: "trusted",
      validFrom: Date.parse("2025-06-01T00:00:00Z"),
      validUntil: Date.parse("2026-06-01T00:00:00Z"),
    });
    const shortRoot = {
      ...of(),
      roots: [
        new X509Certificate(
          authority("Root", { publicKey: rootKeys.publicKey, notAfter: new Date("2026-02-01T00:00:00Z") }),
        ),
      ],
    };
    expect(verifyCertificate({ pem: issue({}), anchors: shortRoot, name: NAME, now: NOW })).toMatchObject({
      validUntil: Date.parse("2026-02-01T00:00:00Z"),
    });
  });

  test("under an authority in between that is known, or that comes along", () => {
    const leaf = issue({ issuer: MIDDLE });
    expect(reasonOf(leaf)).toBe("no_chain");
    expect(reasonOf(leaf, of(middlePem))).toBe("trusted");
    expect(reasonOf(leaf + middlePem)).toBe("trusted");
  });

  test("though another authority of the same name is known first", () => {
    const namesake = authority("Middle", { publicKey: rsa().publicKey });
    expect(reasonOf(issue({ issuer: MIDDLE }), of(namesake, middlePem))).toBe("trusted");
  });

  test("without alternative names and without extended usages, which then forbid nothing", () => {
    expect(reasonOf(issue({ dnsNames: [], usages: [] }))).toBe("trusted");
  });

  test("to the second of its validity", () => {
    expect(reasonOf(issue({}), of(), new Date("2025-06-01T00:00:00Z"))).toBe("trusted");
    expect(reasonOf(issue({}), of(), new Date("2026-06-01T00:00:00Z"))).toBe("trusted");
  });
});

describe("a certificate is refused", () => {
  test.each([
    ["no text", ""],
    ["no certificate", "<html>sorry</html>"],
    ["a damaged one", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
    ["a public key", leafKeys.publicKey.export({ type: "spki", format: "pem" }).toString()],
    ["seven at once", issue({}).repeat(7)],
  ])("where there is %s", (_, pem) => {
    expect(reasonOf(pem)).toBe("unreadable");
  });

  test.each([
    ["another", { commonName: "example.com", dnsNames: ["example.com"] }],
    ["one that ends like it", { commonName: `x.${NAME}`, dnsNames: [`x.${NAME}`] }],
    ["one that begins like it", { commonName: `${NAME}.evil.example`, dnsNames: [`${NAME}.evil.example`] }],
    ["it in the subject only", { dnsNames: ["example.com"] }],
    ["it among the alternatives only", { commonName: "example.com" }],
  ])("whose name is %s", (_, changes) => {
    expect(reasonOf(issue(changes))).toBe("wrong_name");
  });

  test("that is an authority itself, or for another use", () => {
    expect(reasonOf(issue({ isAuthority: true }))).toBe("wrong_usage");
    expect(reasonOf(issue({ usages: ["emailProtection"] }))).toBe("wrong_usage");
  });

  test("whose key is short, or not RSA", () => {
    expect(reasonOf(issue({ publicKey: rsa(1024).publicKey }))).toBe("weak_key");
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(reasonOf(issue({ publicKey }))).toBe("weak_key");
  });

  test("a second before it is valid and a second after", () => {
    expect(reasonOf(issue({}), of(), new Date("2025-05-31T23:59:59Z"))).toBe("not_valid_now");
    expect(reasonOf(issue({}), of(), new Date("2026-06-01T00:00:01Z"))).toBe("not_valid_now");
  });

  test("that signed itself, though it says everything right", () => {
    expect(reasonOf(issue({ issuer: { commonName: NAME, privateKey: leafKeys.privateKey } }))).toBe("no_chain");
  });

  test("that names a pinned root which did not sign it", () => {
    expect(reasonOf(issue({ issuer: { commonName: "Root", privateKey: rsa().privateKey } }))).toBe("no_chain");
  });

  test("that brings its own root", () => {
    const keys = rsa();
    const own = { commonName: "Root", privateKey: keys.privateKey };
    expect(reasonOf(issue({ issuer: own }) + authority("Root", { publicKey: keys.publicKey, issuer: own }))).toBe(
      "no_chain",
    );
  });

  test("under an authority in between that is none, has ended, or has a short key", () => {
    const leaf = issue({ issuer: MIDDLE });
    const middle = (changes: Partial<CertificateRequest>) =>
      of(authority("Middle", { publicKey: middleKeys.publicKey, ...changes }));
    expect(reasonOf(leaf, middle({ isAuthority: false }))).toBe("no_chain");
    expect(reasonOf(leaf, middle({ isAuthority: false, hasKeyUsage: false }))).toBe("no_chain");
    expect(reasonOf(leaf, middle({ hasKeyUsage: false }))).toBe("trusted");
    expect(reasonOf(leaf, middle({ notAfter: new Date("2026-01-01T00:00:00Z") }))).toBe("no_chain");
    const short = rsa(1024);
    const shortMiddle = of(authority("Middle", { publicKey: short.publicKey }));
    expect(reasonOf(issue({ issuer: { commonName: "Middle", privateKey: short.privateKey } }), shortMiddle)).toBe(
      "no_chain",
    );
  });

  test("under a chain of more than four", () => {
    const low = rsa();
    const lowest = rsa();
    const lowPem = authority("Low", { publicKey: low.publicKey, issuer: MIDDLE });
    const lowestPem = authority("Lowest", {
      publicKey: lowest.publicKey,
      issuer: { commonName: "Low", privateKey: low.privateKey },
    });
    const underLow = issue({ issuer: { commonName: "Low", privateKey: low.privateKey } });
    const underLowest = issue({ issuer: { commonName: "Lowest", privateKey: lowest.privateKey } });
    expect(reasonOf(underLow, of(middlePem, lowPem))).toBe("trusted");
    expect(reasonOf(underLowest, of(middlePem, lowPem, lowestPem))).toBe("no_chain");
  });
});

describe("DigiCert's certificates", () => {
  const pinned = [...DIGICERT_ROOTS, ...DIGICERT_INTERMEDIATES];

  test("are those whose fingerprints are written beside them", () => {
    for (const { sha256, pem } of pinned) {
      expect(new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase()).toBe(sha256);
    }
  });

  test("are the roots that Node has by the same names", () => {
    const known = new Map(rootCertificates.map((pem) => new X509Certificate(pem)).map((one) => [one.subject, one]));
    const found = DIGICERT_ROOTS.map(({ pem }) => new X509Certificate(pem)).filter(({ subject }) => known.has(subject));
    // Node drops old ones with the browsers; the newest stays for years.
    expect(found.length).toBeGreaterThanOrEqual(1);
    for (const root of found) expect(root.fingerprint256).toBe(known.get(root.subject)?.fingerprint256);
  });

  test("are authorities, each signed by one of the roots", () => {
    const roots = DIGICERT_ROOTS.map(({ pem }) => new X509Certificate(pem));
    for (const { pem } of pinned) {
      const certificate = new X509Certificate(pem);
      expect(certificate.ca).toBe(true);
      expect(roots.some((root) => certificate.checkIssued(root) && certificate.verify(root.publicKey))).toBe(true);
    }
  });
});

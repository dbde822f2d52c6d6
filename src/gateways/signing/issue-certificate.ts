import { type KeyObject, sign } from "node:crypto";

/**
 * Issues X.509 v3 certificates for the test authority of the stand-in: node:crypto reads certificates and cannot make
 * them, and the few fields that a test chain needs (RFC 5280 §4.1) are a page of DER. Never used for live accounts.
 */

export interface CertificateRequest {
  readonly commonName: string;
  /** DNS names for subjectAltName; empty leaves the extension out. */
  readonly dnsNames: readonly string[];
  readonly publicKey: KeyObject;
  /** 1 to 20 bytes; unique per issuer. */
  readonly serial: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isAuthority: boolean;
  /** False leaves the keyUsage extension out, so that only basicConstraints tells an authority from a leaf. */
  readonly hasKeyUsage?: boolean;
  /** extendedKeyUsage; empty leaves the extension out. */
  readonly usages: readonly ("serverAuth" | "clientAuth" | "emailProtection")[];
  /** An RSA key; its name is the one that the issuer's own certificate has as subject. */
  readonly issuer: { readonly commonName: string; readonly privateKey: KeyObject };
}

const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, null: 0x05, oid: 0x06, utf8: 0x0c } as const;
const SEQUENCE = 0x30;
const SET = 0x31;

/** Object identifiers, DER-encoded contents. */
const OID = {
  commonName: "550403",
  sha256WithRsa: "2a864886f70d01010b",
  basicConstraints: "551d13",
  keyUsage: "551d0f",
  extendedKeyUsage: "551d25",
  subjectAltName: "551d11",
  serverAuth: "2b06010505070301",
  clientAuth: "2b06010505070302",
  emailProtection: "2b06010505070304",
} as const;

/** The certificate as PEM, signed with SHA-256 and RSA. */
export function issueCertificate(request: CertificateRequest): string {
  const algorithm = tlv(SEQUENCE, oid("sha256WithRsa"), tlv(TAG.null));
  const body = tlv(
    SEQUENCE,
    tlv(0xa0, tlv(TAG.integer, Buffer.of(2))),
    tlv(TAG.integer, positive(request.serial)),
    algorithm,
    distinguishedName(request.issuer.commonName),
    tlv(SEQUENCE, time(request.notBefore), time(request.notAfter)),
    distinguishedName(request.commonName),
    request.publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, tlv(SEQUENCE, ...extensions(request))),
  );
  const signature = sign("sha256", body, request.issuer.privateKey);
  return pem(tlv(SEQUENCE, body, algorithm, tlv(TAG.bits, Buffer.of(0), signature)));
}

function extensions(request: CertificateRequest): readonly Buffer[] {
  const constraints = request.isAuthority ? [tlv(TAG.boolean, Buffer.of(0xff))] : [];
  // keyCertSign and cRLSign for an authority, digitalSignature and keyEncipherment for a leaf.
  const keyUsage = request.isAuthority ? Buffer.of(0x01, 0x06) : Buffer.of(0x05, 0xa0);
  const names = request.dnsNames.map((name) => tlv(0x82, Buffer.from(name, "ascii")));
  return [
    extension("basicConstraints", true, tlv(SEQUENCE, ...constraints)),
    ...(request.hasKeyUsage === false ? [] : [extension("keyUsage", true, tlv(TAG.bits, keyUsage))]),
    ...(request.usages.length > 0
      ? [extension("extendedKeyUsage", false, tlv(SEQUENCE, ...request.usages.map((usage) => oid(usage))))]
      : []),
    ...(names.length > 0 ? [extension("subjectAltName", false, tlv(SEQUENCE, ...names))] : []),
  ];
}

function extension(name: keyof typeof OID, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [tlv(TAG.boolean, Buffer.of(0xff))] : [];
  return tlv(SEQUENCE, oid(name), ...critical, tlv(TAG.octets, value));
}

function distinguishedName(commonName: string): Buffer {
  return tlv(SEQUENCE, tlv(SET, tlv(SEQUENCE, oid("commonName"), tlv(TAG.utf8, Buffer.from(commonName, "utf8")))));
}

/** UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5). */
function time(date: Date): Buffer {
  const digits = `${date.toISOString().slice(0, 19).replace(/[-T:]/g, "")}Z`;
  return date.getUTCFullYear() < 2050
    ? tlv(0x17, Buffer.from(digits.slice(2), "ascii"))
    : tlv(0x18, Buffer.from(digits, "ascii"));
}

function oid(name: keyof typeof OID): Buffer {
  return tlv(TAG.oid, Buffer.from(OID[name], "hex"));
}

/** A leading zero keeps the number positive; its bits say nothing else. */
function positive(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x00), Uint8Array.from(bytes, (byte, index) => (index === 0 ? byte | 0x80 : byte))]);
}

function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag), length(value.byteLength), value]);
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.of(size);
  if (size < 0x100) return Buffer.of(0x81, size);
  return Buffer.of(0x82, size >> 8, size & 0xff);
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

import { createHmac, generateKeyPairSync, randomBytes, sign, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32 } from "node:zlib";
import { issueCertificate } from "./signing/issue-certificate.ts";

/**
 * PayPal's side for test mode and for tests: the certificates that webhooks are checked with, and classic IPN's verifier,
 * served on loopback under an authority of our own. Live accounts accept neither its host nor its root.
 */

/** PEM texts. `leafKeyPem` signs webhooks and is as secret as a webhook secret of test mode is. */
export interface TestAuthority {
  readonly caPem: string;
  readonly leafPem: string;
  readonly leafKeyPem: string;
}

export interface StandIn {
  /** `http://127.0.0.1:<port>`: for `certHosts`. */
  readonly origin: string;
  /** For `PAYPAL-CERT-URL`. */
  readonly certUrl: string;
  /** The verifier's address: for the postback. */
  readonly ipnUrl: string;
  close(): Promise<void>;
}

const CERTIFICATE_ID = "CERT-paybell-stand-in";
const CERTIFICATE_PATH = `/v1/notifications/certs/${CERTIFICATE_ID}`;
const VERIFIER_PATH = "/cgi-bin/webscr";
const POSTBACK_PREFIX = "cmd=_notify-validate&";
const SANDBOX_NAME = "messageverificationcerts.sandbox.paypal.com";
const AUTHORITY_NAME = "Paybell test authority, not for live money";
const MAX_POSTBACK_BYTES = 262_144;
const DAY_MS = 86_400_000;

/** A new authority and a certificate of the name that PayPal's sandbox uses, both valid from a day before `now` for ten years. */
export function makeTestAuthority(now: Date): TestAuthority {
  const authority = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const leaf = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const issuer = { commonName: AUTHORITY_NAME, privateKey: authority.privateKey };
  const validity = { notBefore: new Date(now.getTime() - DAY_MS), notAfter: new Date(now.getTime() + 3650 * DAY_MS) };
  return {
    caPem: issueCertificate({
      ...validity,
      issuer,
      commonName: AUTHORITY_NAME,
      dnsNames: [],
      publicKey: authority.publicKey,
      serial: randomBytes(16),
      isAuthority: true,
      usages: [],
    }),
    leafPem: issueCertificate({
      ...validity,
      issuer,
      commonName: SANDBOX_NAME,
      dnsNames: [SANDBOX_NAME],
      publicKey: leaf.publicKey,
      serial: randomBytes(16),
      isAuthority: false,
      usages: ["serverAuth", "clientAuth"],
    }),
    leafKeyPem: leaf.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/**
 * The five headers of a PayPal webhook, signed as PayPal signs: RSA-SHA256 over
 * `<transmission id>|<transmission time>|<webhook id>|<CRC-32 of the body>`.
 */
export function signPaypalNotification(parts: {
  readonly body: string | Uint8Array;
  readonly webhookId: string;
  /** A new one for each transmission of another body, as PayPal does. */
  readonly transmissionId: string;
  /** RFC 3339: `2026-01-05T10:00:00Z`. */
  readonly transmissionTime: string;
  readonly certUrl: string;
  readonly privateKeyPem: string;
}): Readonly<Record<string, string>> {
  const message = [parts.transmissionId, parts.transmissionTime, parts.webhookId, crc32(parts.body)].join("|");
  return {
    "content-type": "application/json",
    "paypal-transmission-id": parts.transmissionId,
    "paypal-transmission-time": parts.transmissionTime,
    "paypal-transmission-sig": sign("sha256", Buffer.from(message), parts.privateKeyPem).toString("base64"),
    "paypal-cert-url": parts.certUrl,
    "paypal-auth-algo": "SHA256withRSA",
    "paypal-auth-version": "v2",
  };
}

/**
 * A form body that the stand-in's verifier calls VERIFIED: the given form followed by `&verify_sign=`, an HMAC-SHA256 (hex)
 * of every byte before it. Classic IPN has no signature that a merchant could check; this is what the stand-in remembers by.
 */
export function signIpn(form: string | Uint8Array, secret: string): Buffer {
  const bytes = Buffer.from(form);
  return Buffer.concat([bytes, Buffer.from(`&verify_sign=${ipnMac(bytes, secret)}`, "ascii")]);
}

/** Whether `signIpn` made this body with this secret, byte for byte. */
export function isGenuineIpn(body: Uint8Array, secret: string): boolean {
  const bytes = Buffer.from(body);
  const at = bytes.lastIndexOf("&verify_sign=");
  if (at < 0) return false;
  const given = bytes.subarray(at + "&verify_sign=".length);
  const expected = Buffer.from(ipnMac(bytes.subarray(0, at), secret), "ascii");
  return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
}

function ipnMac(bytes: Uint8Array, secret: string): string {
  return createHmac("sha256", secret).update(bytes).digest("hex");
}

/** Serves the certificate and the verifier on 127.0.0.1. `port` 0 takes a free one. Rejects when the port is taken. */
export async function startStandIn(options: {
  readonly port: number;
  readonly leafPem: string;
  /** The secret of `signIpn`. */
  readonly ipnSecret: string;
}): Promise<StandIn> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(request, response, options).catch(() => response.destroy());
  });
  await listen(server, options.port);
  // Proven: a server that listens on a TCP port has such an address.
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    certUrl: `${origin}${CERTIFICATE_PATH}`,
    ipnUrl: `${origin}${VERIFIER_PATH}`,
    close: () => close(server),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: { readonly leafPem: string; readonly ipnSecret: string },
): Promise<void> {
  if (request.method === "GET" && request.url === CERTIFICATE_PATH) {
    response.setHeader("content-type", "application/x-pem-file").end(options.leafPem);
    return;
  }
  if (request.method === "POST" && request.url === VERIFIER_PATH) {
    response.setHeader("content-type", "text/plain").end(verifierAnswer(await readBody(request), options.ipnSecret));
    return;
  }
  response.writeHead(404).end();
}

function verifierAnswer(postback: Buffer | null, secret: string): "VERIFIED" | "INVALID" {
  if (!postback?.subarray(0, POSTBACK_PREFIX.length).equals(Buffer.from(POSTBACK_PREFIX))) return "INVALID";
  return isGenuineIpn(postback.subarray(POSTBACK_PREFIX.length), secret) ? "VERIFIED" : "INVALID";
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // Proven: without setEncoding a request's chunks are Buffers.
    const bytes = chunk as Buffer;
    size += bytes.byteLength;
    if (size > MAX_POSTBACK_BYTES) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

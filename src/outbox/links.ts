import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/**
 * The buyer's link: `<public URL>/o/<token>`. The token is the order's reference and a code that only we can make of it, so
 * nothing has to be stored for it, and nobody finds another order's page by changing his own.
 */

/** The name of the links' key among the store's secrets. */
export const LINKS_SECRET = "buyer_links";

/** 128 bits: as hard to guess as a random UUID, and short in a mail. */
const CODE_BYTES = 16;

/** A reference of 200 characters, each of four bytes, with its code: what is longer is none of ours. */
const MAX_TOKEN = 1_100;

export function makeLinksSecret(): string {
  return randomBytes(32).toString("base64url");
}

export function buyerUrl(publicUrl: string, secret: string, reference: string): string {
  return `${publicUrl}/o/${tokenOf(secret, reference)}`;
}

/** The reference in a token of ours, in the very form in which we made it; null for everything else. */
export function readBuyerToken(secret: string, token: string): string | null {
  if (token.length > MAX_TOKEN) return null;
  const reference = Buffer.from(token.split(".", 1)[0] ?? "", "base64url").toString("utf8");
  return isSame(token, tokenOf(secret, reference)) ? reference : null;
}

function isSame(token: string, ours: string): boolean {
  const [given, expected] = [Buffer.from(token), Buffer.from(ours)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** `<public URL>/d/<token>`: one download of an order. How long it holds, and how often, is kept with the order. */
export function downloadUrl(publicUrl: string, secret: string, download: DownloadName): string {
  return `${publicUrl}/d/${downloadToken(secret, download)}`;
}

export interface DownloadName {
  readonly order: string;
  readonly sku: string;
}

/** A SKU of 100 characters beside the reference. */
const MAX_DOWNLOAD_TOKEN = 1_700;

/** What a token of ours names, in the very form in which we made it; null for everything else. */
export function readDownloadToken(secret: string, token: string): DownloadName | null {
  if (token.length > MAX_DOWNLOAD_TOKEN) return null;
  const [order = "", sku = ""] = token.split(".", 2).map((part) => Buffer.from(part, "base64url").toString("utf8"));
  return isSame(token, downloadToken(secret, { order, sku })) ? { order, sku } : null;
}

function downloadToken(secret: string, { order, sku }: DownloadName): string {
  const named = [order, sku].map((part) => Buffer.from(part, "utf8").toString("base64url")).join(".");
  return `${named}.${codeOf(secret, `download:${named}`)}`;
}

function tokenOf(secret: string, reference: string): string {
  return `${Buffer.from(reference, "utf8").toString("base64url")}.${codeOf(secret, `order:${reference}`)}`;
}

function codeOf(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text, "utf8").digest().subarray(0, CODE_BYTES).toString("base64url");
}

import { domainToASCII } from "node:url";
import { oneLine } from "./words.ts";

/** Addresses as mail servers take them (RFC 5321), and no more: what is quoted, commented or a list is nobody's real address. */

/** A path of 256 octets, less its angle brackets: RFC 5321 §4.5.3.1.3. */
const MAX_ADDRESS = 254;
const MAX_LOCAL = 64;
const MAX_NAME = 100;

export interface Mailbox {
  /** Empty where only the address is known. */
  readonly name: string;
  readonly address: string;
}

/** The address with its domain in ASCII, or null when no mail can be sent to it. Looks at each character once. */
export function readAddress(text: string): string | null {
  if (text.length > MAX_ADDRESS) return null;
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0));
  const domain = readDomain(text.slice(at + 1));
  if (domain === null || local.length > MAX_LOCAL || !local.split(".").every(isAtom)) return null;
  const address = `${local}@${domain}`;
  return address.length > MAX_ADDRESS ? null : address;
}

/** `shop@example.com` or `Ann's Tea <shop@example.com>`. */
export function readMailbox(text: string): Mailbox | null {
  const open = text.lastIndexOf("<");
  const isNamed = open >= 0 && text.endsWith(">");
  const address = readAddress(isNamed ? text.slice(open + 1, -1) : text);
  if (address === null) return null;
  return { name: isNamed ? oneLine(text.slice(0, open).replaceAll('"', ""), MAX_NAME) : "", address };
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

function readDomain(text: string): string | null {
  // A name in ASCII stays as it is: the converter also reads percent signs and numbers as addresses.
  const domain = /^[\x21-\x7e]*$/.test(text) ? text : domainToASCII(text);
  const labels = domain.split(".");
  const isName = labels.length > 1 && labels.every(isLabel) && !/^\d+$/.test(labels.at(-1) ?? "");
  return isName ? domain : null;
}

function isAtom(part: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+$/.test(part);
}

function isLabel(label: string): boolean {
  return label.length <= 63 && /^[A-Za-z0-9-]+$/.test(label) && !label.startsWith("-") && !label.endsWith("-");
}

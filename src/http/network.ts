import { isIPv6 } from "node:net";

/** The longest textual IPv6 address with a zone; what is longer came from a header, and is no address. */
const MAX_ADDRESS = 64;

/**
 * Whom a request is counted for: the IPv4 address, or the /64 of an IPv6 address, because whoever has one address of it has
 * all of them (RFC 6177). `gone` where the connection ended before it was looked at: such requests share one bound.
 */
export function networkOf(address: string | undefined): string {
  if (address === undefined || address === "") return "gone";
  const plain = (address.startsWith("::ffff:") ? address.slice(7) : address).slice(0, MAX_ADDRESS);
  return isIPv6(plain) ? prefixOf(plain) : plain;
}

function prefixOf(address: string): string {
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const before = head === "" ? [] : head.split(":");
  const after = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

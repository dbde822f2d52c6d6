import { BlockList, isIP } from "node:net";

/**
 * Which addresses may be called. Everything that is not the public Internet is refused, whatever name it came by: the
 * special-purpose registries of IANA (RFC 6890), as Svix refuses them, and the one cloud's metadata service that has a
 * public address.
 */

const REFUSED_IPV4 = [
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // carrier-grade NAT; Alibaba's metadata service
  "127.0.0.0/8", // loopback
  "168.63.129.16/32", // Azure's host
  "169.254.0.0/16", // link-local; the metadata services of most clouds
  "172.16.0.0/12", // private
  "192.0.0.0/24", // IETF protocol assignments
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // 6to4 relays
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarking
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, broadcast
];

/** All of global unicast but these; outside of it are ::, ::1, NAT64, fc00::/7, fe80::/10, ff00::/8, 100::/64, 5f00::/16. */
const GLOBAL_UNICAST = "2000::/3";
const REFUSED_IPV6 = [
  "2001::/23", // IETF protocol assignments: Teredo, ORCHID, benchmarking
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4
  "3fff::/20", // documentation
];

const refused = blockListOf([...REFUSED_IPV4, ...REFUSED_IPV6]);
const globalUnicast = blockListOf([GLOBAL_UNICAST]);

/** `10.0.0.0/8`, `::1`: addresses and CIDR ranges. Throws TypeError for what is neither. */
export function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    const family = familyOf(address);
    if (family === null) throw new TypeError(`not an address or a range: ${range}`);
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

export function isAmong(list: BlockList, address: string): boolean {
  const canonical = canonicalAddress(address);
  const family = canonical === null ? null : familyOf(canonical);
  return canonical !== null && family !== null && list.check(canonical, family);
}

/** Literal addresses only; what is none, or has a zone, is not public. */
export function isPublicAddress(address: string): boolean {
  const canonical = canonicalAddress(address);
  if (canonical === null || isAmong(refused, canonical)) return false;
  return isIP(canonical) === 4 || isAmong(globalUnicast, canonical);
}

/** An IPv4 address in IPv6's clothes (`::ffff:10.0.0.1`) is the IPv4 address. */
function canonicalAddress(address: string): string | null {
  if (isIP(address) === 4) return address;
  if (isIP(address) !== 6 || address.includes("%")) return null;
  const { hostname } = new URL(`http://[${address}]`);
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname);
  if (mapped === null) return hostname.slice(1, -1);
  const bits = [mapped[1], mapped[2]].map((group) => Number.parseInt(group ?? "", 16));
  return bits.flatMap((group) => [group >> 8, group & 255]).join(".");
}

function familyOf(address: string): "ipv4" | "ipv6" | null {
  const family = isIP(address);
  return family === 0 ? null : family === 4 ? "ipv4" : "ipv6";
}

import { lookup, Resolver } from "node:dns/promises";

/** A name server that does not answer is asked twice. */
const SERVER = { timeout: 1_500, tries: 2 };

/**
 * Asks the name servers directly: `dns.lookup` waits on one of four threads that the whole process shares, and ten names
 * whose servers hang would hold up everybody's. What they do not know may stand in the hosts file, or need a search domain.
 */
export async function resolveName(name: string): Promise<readonly string[]> {
  const resolver = new Resolver(SERVER);
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  if (found.length > 0) return found;
  const reason: unknown = answers.find((answer) => answer.status === "rejected")?.reason;
  if (isSlow(reason)) throw reason;
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** Nobody answered: then the system would wait for the same servers, and longer. */
function isSlow(reason: unknown): boolean {
  return reason instanceof Error && "code" in reason && reason.code === "ETIMEOUT";
}

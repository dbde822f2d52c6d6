import { describe, expect, onTestFinished, test } from "vitest";
import { isPublicAddress } from "../../src/outbox/webhook/addresses.ts";
import { Guard } from "../../src/outbox/webhook/guard.ts";
import { createWebhookOutbound } from "../../src/outbox/webhook/outbound.ts";
import { nobodyKnows, type Resolve } from "./running.ts";
import { startSink } from "./sink.ts";

/** Never this machine's own network, whatever a URL or a name server says. */

const REFUSED = [
  ...["0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"],
  ...["168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192"],
  ...["192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"],
  ...["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
  ...["::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:0:127.0.0.1"],
  ...["64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1", "2001:db8::1", "2002:7f00:1::"],
  ...["2002:a9fe:a9fe::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%eth0"],
  ...["fec0::1", "ff02::1", "4000::1", "not an address", ""],
];
const PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.128.0.1", "192.0.1.1"];
const PUBLIC_V6 = ["2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "::ffff:0808:0808"];

test.each(REFUSED)("%j is not of the public Internet", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each([...PUBLIC, ...PUBLIC_V6])("%s is", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

function guardOf(parts: Partial<ConstructorParameters<typeof Guard>[0]> = {}): Guard {
  return new Guard({ allow: [], production: true, resolve: nobodyKnows, ...parts });
}

const URLS: readonly string[] = [
  ...[
    "http://example.com/",
    "https://example.com:8443/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
  ],
  ...[
    "https://user@example.com/",
    "https://user:pass@example.com/",
    "https://example.com/#part",
    "nonsense",
    "//example.com",
  ],
  ...["https://127.0.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/"],
  ...["https://0x7f.1/", "https://017700000001/", "https://169.254.169.254/latest/meta-data", "https://[::1]/"],
  ...[
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://[fe80::1%25eth0]/",
  ],
  ...["https://１２７.0.0.1/", "https://127。0。0。1/"],
];

test.each(URLS)("%s can't be registered in production", (url) => {
  expect(guardOf().problemOf(url)).not.toBeNull();
});

test("what may be registered: https on port 443, and what the configuration names wherever it is", () => {
  expect(guardOf().problemOf("https://hooks.example.com/paybell?shop=1")).toBeNull();
  const guard = guardOf({ allow: ["shop.internal", "10.1.0.0/16"] });
  expect(guard.problemOf("http://shop.internal:8080/")).toBeNull();
  expect(guard.problemOf("http://SHOP.internal.:8080/")).toBeNull();
  expect(guard.problemOf("http://10.1.2.3/")).toBeNull();
  expect(guard.problemOf("https://10.2.2.3/")).not.toBeNull();
  expect(guard.problemOf("http://other.internal/")).not.toBeNull();
});

test("outside of production this machine may be called, and no other private address", () => {
  const guard = guardOf({ production: false });
  expect(guard.problemOf("http://127.0.0.1:9999/")).toBeNull();
  expect(guard.problemOf("http://[::1]:9999/")).toBeNull();
  expect(guard.problemOf("http://10.0.0.1/")).not.toBeNull();
  expect(guard.problemOf("http://169.254.169.254/")).not.toBeNull();
});

const LEADING: readonly (readonly [string, readonly string[]])[] = [
  ["localhost.", ["127.0.0.1"]],
  ["127.0.0.1.nip.io", ["127.0.0.1"]],
  ["metadata.google.internal", ["169.254.169.254"]],
  ["mixed.example.com", ["93.184.216.34", "10.0.0.1"]],
  ["mapped.example.com", ["::ffff:127.0.0.1"]],
  ["nat64.example.com", ["64:ff9b::7f00:1"]],
  ["zone.example.com", ["fe80::1%eth0"]],
];

describe.each(LEADING)("a name like %s that leads to %j", (name, addresses) => {
  const resolve: Resolve = () => Promise.resolve(addresses);

  test("is refused when it is registered", async () => {
    expect(await guardOf({ resolve }).problemNow(`https://${name}/hook`)).not.toBeNull();
  });

  test("is blocked when it is called, and no connection is made", async () => {
    const sink = await startSink();
    onTestFinished(() => sink.close());
    // Its port is the sink's, so that what would get through would get there.
    const guard = guardOf({ resolve });
    const reason = await postTo(guard, `https://${name}:${sink.port}/hook`);
    expect(reason).toBe("blocked");
    await expect(lookedUp(guard, name)).rejects.toThrow("may not be called");
    expect(sink.connections()).toBe(0);
  });
});

test("a name that leads elsewhere when it is called than when it was registered is blocked without a packet", async () => {
  const sink = await startSink();
  onTestFinished(() => sink.close());
  const answers = [["93.184.216.34"], ["127.0.0.1"]];
  const guard = guardOf({ resolve: () => Promise.resolve(answers.shift() ?? ["127.0.0.1"]) });
  expect(await guard.problemNow("https://rebound.example.com/hook")).toBeNull();
  const outbound = createWebhookOutbound({ version: "0", guard });
  onTestFinished(() => outbound.close());
  const message = { headers: {}, body: "{}" };
  const answer = await outbound.post("https://rebound.example.com/hook", message, new AbortController().signal);
  expect(answer).toEqual({ kind: "unreachable", reason: "blocked" });
  expect(sink.connections()).toBe(0);
});

test("a name that the configuration allows is called where it leads", async () => {
  const sink = await startSink();
  onTestFinished(() => sink.close());
  const guard = guardOf({ allow: ["shop.internal"], resolve: () => Promise.resolve(["127.0.0.1"]) });
  const outbound = createWebhookOutbound({ version: "0", guard });
  onTestFinished(() => outbound.close());
  const url = `http://shop.internal:${sink.port}/hook`;
  const answer = await outbound.post(url, { headers: {}, body: "{}" }, new AbortController().signal);
  expect(answer).toMatchObject({ kind: "answered", status: 204 });
  expect(sink.connections()).toBe(1);
});

async function postTo(guard: Guard, url: string): Promise<string> {
  const outbound = createWebhookOutbound({ version: "0", guard });
  onTestFinished(() => outbound.close());
  const answer = await outbound.post(url, { headers: {}, body: "{}" }, new AbortController().signal);
  return answer.kind === "answered" ? String(answer.status) : answer.reason;
}

function lookedUp(guard: Guard, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    guard.lookup(name, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}

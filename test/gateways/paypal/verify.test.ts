import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RawNotification } from "../../../src/gateways/gateway.ts";
import { PAYPAL_HEADERS } from "../../../src/gateways/paypal/verify.ts";
import { issueCertificate } from "../../../src/gateways/signing/issue-certificate.ts";
import { signPaypalNotification } from "../../../src/gateways/stand-in.ts";
import { CERT_PATH, NOW, startVendor, type Vendor, WEBHOOK_ID } from "./vendor.ts";

let paypal: Vendor;
beforeEach(async () => {
  paypal = await startVendor();
});
afterEach(() => paypal.close());

const BODY = '{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","resource":{"id":"CAP1"}}';

async function verdictOf(raw: RawNotification, changes: Parameters<Vendor["context"]>[0] = {}): Promise<string> {
  const verdict = await paypal.gateway.verify(raw, paypal.context(changes));
  return verdict.kind === "authentic" ? "authentic" : `${verdict.kind}/${verdict.reason}`;
}

test("a notification that PayPal signed is authentic, and names its transmission", async () => {
  expect(await paypal.gateway.verify(paypal.sign(BODY), paypal.context())).toEqual({
    kind: "authentic",
    nonce: "4cce5920-5106-11ef-84e2-f38df3f70683",
  });
});

describe("the headers", () => {
  test.each(PAYPAL_HEADERS)("without %s, with it empty, and with it twice prove nothing", async (name) => {
    const raw = paypal.sign(BODY);
    const headers = (value: string | null) => {
      const others = [...raw.headers].filter(([key]) => key !== name);
      return { ...raw, headers: new Map(value === null ? others : [...others, [name, value]]) };
    };
    expect(await verdictOf(headers(null))).toBe("forged/unsigned");
    expect(await verdictOf(headers(""))).toBe("forged/unsigned");
    const twice = `${raw.headers.get(name)}, ${raw.headers.get(name)}`;
    expect(await verdictOf(headers(twice))).toMatch(/^forged\/(malformed|unknown_sender)$/);
    expect(paypal.asked).toEqual([]);
  });

  test.each(["SHA1withRSA", "sha256withrsa", "SHA256WITHRSA", "none", "SHA256withRSA ", "SHA512withRSA", "HS256"])(
    "cannot choose %j for the algorithm",
    async (algorithm) => {
      expect(await verdictOf(paypal.sign(BODY, { "paypal-auth-algo": algorithm }))).toBe("forged/malformed");
      expect(paypal.asked).toEqual([]);
    },
  );

  test.each([
    "2026-01-05",
    "yesterday",
    "1767607202",
    "2026-13-05T10:00:02Z",
    "2026-01-05T10:00:02",
    "2026-01-05T10:00:02Z|x",
  ])("cannot have %j for a time", async (time) => {
    expect(await verdictOf(paypal.sign(BODY, { "paypal-transmission-time": time }))).toBe("forged/malformed");
  });

  test.each(["a|b", "a b", "a".repeat(101), "ä", "WEBHOOK\u0000"])("cannot have %j for a transmission", async (id) => {
    expect(await verdictOf(paypal.sign(BODY, { "paypal-transmission-id": id }))).toBe("forged/malformed");
  });

  test("have one spelling of a signature: canonical base64", async () => {
    const signature = paypal.sign(BODY).headers.get("paypal-transmission-sig") ?? "";
    const others = [
      signature.replace("==", ""),
      `${signature}=`,
      ` ${signature}`,
      signature.slice(4),
      "A".repeat(20_000),
    ];
    // The last digit before == carries four bits that mean nothing: another digit spells the same bytes.
    const at = signature.length - 3;
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    others.push(signature.slice(0, at) + digits[digits.indexOf(signature.charAt(at)) + 1] + signature.slice(at + 1));
    expect(signature).toHaveLength(344);
    for (const other of others) {
      expect(await verdictOf(paypal.sign(BODY, { "paypal-transmission-sig": other }))).toMatch(/^forged\//);
    }
  });

  test("are good for one webhook only, and for one body", async () => {
    expect(await verdictOf(paypal.sign(BODY), { settings: { webhookId: "96605875FF6516633" } })).toBe(
      "forged/mismatch",
    );
    const changed = { ...paypal.sign(BODY), body: new Uint8Array(Buffer.from(BODY.replace("CAP1", "CAP2"))) };
    expect(await verdictOf(changed)).toBe("forged/mismatch");
  });
});

describe("no request leaves for a certificate", () => {
  const host = (): string => paypal.origin.replace("http://", "");
  test.each<readonly [string, () => string]>([
    ["over https instead of http", () => `https://${host()}${CERT_PATH}`],
    ["at another host", () => `http://evil.example${CERT_PATH}`],
    ["at a host that begins like it", () => `${paypal.origin}.evil.example${CERT_PATH}`],
    ["behind a user name", () => `http://${host()}@evil.example${CERT_PATH}`],
    ["with a user name in front", () => `http://user@${host()}${CERT_PATH}`],
    ["behind a backslash", () => `http://evil.example\\@${host()}${CERT_PATH}`],
    ["behind a fragment", () => `http://evil.example#@${host()}${CERT_PATH}`],
    ["with a fragment", () => `${paypal.certUrl}#x`],
    ["with a query", () => `${paypal.certUrl}?x=1`],
    ["at another port", () => `http://127.0.0.1:1${CERT_PATH}`],
    ["at no port", () => `http://127.0.0.1${CERT_PATH}`],
    ["at a host with a dot behind it", () => paypal.certUrl.replace("127.0.0.1", "127.0.0.1.")],
    ["at its address in another notation", () => paypal.certUrl.replace("127.0.0.1", "2130706433")],
    ["at its address in hexadecimal", () => paypal.certUrl.replace("127.0.0.1", "0x7f.1")],
    ["at its name instead of its address", () => paypal.certUrl.replace("127.0.0.1", "localhost")],
    ["at its address in full-width digits", () => paypal.certUrl.replace("127.0.0.1", "１２７.0.0.1")],
    ["at a name in punycode", () => `http://xn--pypal-4ve.com${CERT_PATH}`],
    ["in capital letters", () => paypal.certUrl.replace("http", "HTTP")],
    ["with a space in front", () => ` ${paypal.certUrl}`],
    ["with a line end behind it", () => `${paypal.certUrl}\n`],
    ["at another path", () => `${paypal.origin}/v1/notifications/test`],
    ["above the path", () => `${paypal.origin}/v1/notifications/certs/../test`],
    ["above the path, encoded", () => `${paypal.origin}/v1/notifications/certs/%2e%2e`],
    ["below the path", () => `${paypal.certUrl}/more`],
    ["without an id", () => `${paypal.origin}/v1/notifications/certs/`],
    ["with a long id", () => `${paypal.origin}/v1/notifications/certs/${"a".repeat(101)}`],
    ["of PayPal's live mode", () => "https://api.paypal.com/v1/notifications/certs/CERT-1"],
    ["in a file", () => "file:///v1/notifications/certs/CERT-1"],
  ])("%s", async (_, url) => {
    expect(await verdictOf(paypal.sign(BODY, { "paypal-cert-url": url() }))).toBe("forged/unknown_sender");
    expect(paypal.asked).toEqual([]);
  });

  test("of a live account anywhere but at PayPal's own, whatever is configured", async () => {
    expect(await verdictOf(paypal.sign(BODY), { account: { live: true } })).toBe("forged/unknown_sender");
    expect(paypal.asked).toEqual([]);
    const { gateway } = paypal;
    expect(gateway.origins(paypal.context().settings, true)).toEqual([
      "https://api.paypal.com",
      "https://api-m.paypal.com",
    ]);
  });
});

test("a live account believes no further root, even where PayPal's own host serves its certificate", async () => {
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const name = "messageverificationcerts.paypal.com";
  const certUrl = "https://api.paypal.com/v1/notifications/certs/CERT-1";
  const of = (commonName: string, isAuthority: boolean): string =>
    issueCertificate({
      commonName,
      dnsNames: isAuthority ? [] : [name],
      publicKey: keys.publicKey,
      serial: Buffer.of(1),
      notBefore: new Date("2026-01-01T00:00:00Z"),
      notAfter: new Date("2027-01-01T00:00:00Z"),
      isAuthority,
      usages: [],
      issuer: { commonName: "Test", privateKey: keys.privateKey },
    });
  const signed = signPaypalNotification({
    body: BODY,
    webhookId: WEBHOOK_ID,
    transmissionId: "t-1",
    transmissionTime: "2026-01-05T10:00:02Z",
    certUrl,
    privateKeyPem: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  });
  const raw = { ...paypal.sign(BODY), headers: new Map(Object.entries(signed)) };
  const { settings, now } = paypal.context({ settings: { certCaPem: of("Test", true) } });
  // PayPal's live host cannot be served over HTTP here, so this is the one answer that comes from no server.
  const outbound = { request: async () => ({ status: 200, headers: new Map(), body: Buffer.from(of(name, false)) }) };
  const account = { id: "default", live: true, receivers: [] };
  expect(await paypal.gateway.verify(raw, { settings, account, now, outbound })).toEqual({
    kind: "forged",
    reason: "unknown_sender",
  });
});

describe("the certificate's host", () => {
  const answer = (status: number, body = "", headers: Readonly<Record<string, string>> = {}): void => {
    paypal.routes.set(`GET ${CERT_PATH}`, (_, response) => void response.writeHead(status, headers).end(body));
  };

  test.each([403, 429, 500, 502, 503])("that answers %i may answer better later", async (status) => {
    answer(status);
    expect(await verdictOf(paypal.sign(BODY))).toBe("unproven_yet/verifier_unreachable");
    answer(200, paypal.authority.leafPem);
    expect(await verdictOf(paypal.sign(BODY))).toBe("authentic");
  });

  test("that breaks off may answer better later", async () => {
    paypal.routes.set(`GET ${CERT_PATH}`, (_, response) => void response.destroy());
    expect(await verdictOf(paypal.sign(BODY))).toBe("unproven_yet/verifier_unreachable");
  });

  test.each<readonly [string, () => void]>([
    ["has no such certificate", () => answer(404)],
    ["sends us elsewhere", () => answer(302, "", { location: `${paypal.origin}/elsewhere` })],
    ["answers ten megabytes", () => answer(200, "x".repeat(10_000_000))],
    ["answers with a page", () => answer(200, "<html>hello</html>")],
    ["answers with nothing", () => answer(200)],
  ])("that %s is no sender", async (_, arrange) => {
    arrange();
    expect(await verdictOf(paypal.sign(BODY))).toBe("forged/unknown_sender");
    expect(paypal.asked).toEqual([`GET ${CERT_PATH}`]);
  });

  test("is asked again about a refused certificate after seconds, not before", async () => {
    answer(404);
    let now = NOW;
    const clock = { now: () => now };
    expect(await verdictOf(paypal.sign(BODY), clock)).toBe("forged/unknown_sender");
    answer(200, paypal.authority.leafPem);
    now = new Date(NOW.getTime() + 4_999);
    expect(await verdictOf(paypal.sign(BODY), clock)).toBe("forged/unknown_sender");
    expect(paypal.asked).toHaveLength(1);
    now = new Date(NOW.getTime() + 5_001);
    expect(await verdictOf(paypal.sign(BODY), clock)).toBe("authentic");
  });

  test("is not believed without the authority that sandbox mode was given", async () => {
    expect(await verdictOf(paypal.sign(BODY), { settings: { certCaPem: null } })).toBe("forged/unknown_sender");
    // Two accounts, one address: what one may not trust is not what the other may.
    expect(await verdictOf(paypal.sign(BODY))).toBe("authentic");
    expect(await verdictOf(paypal.sign(BODY), { settings: { certCaPem: null } })).toBe("forged/unknown_sender");
  });
});

describe("the cache", () => {
  test("fetches a certificate once for a hundred that come at once, and never again while it is good", async () => {
    paypal.routes.set(`GET ${CERT_PATH}`, (_, response) => {
      setTimeout(() => response.end(paypal.authority.leafPem), 50);
    });
    const context = paypal.context();
    const raw = paypal.sign(BODY);
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => paypal.gateway.verify(raw, context)));
    expect(new Set(verdicts.map(({ kind }) => kind))).toEqual(new Set(["authentic"]));
    expect(await verdictOf(raw)).toBe("authentic");
    expect(paypal.asked).toEqual([`GET ${CERT_PATH}`]);
  });

  test("fetches again once the certificate has ended, and takes a new one at the same address", async () => {
    const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const name = "messageverificationcerts.sandbox.paypal.com";
    const authorityKeys = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const issuer = { commonName: "Test", privateKey: authorityKeys.privateKey };
    const of = (changes: object): string =>
      issueCertificate({
        commonName: name,
        dnsNames: [name],
        publicKey: keys.publicKey,
        serial: Buffer.of(1),
        notBefore: new Date("2026-01-01T00:00:00Z"),
        notAfter: new Date("2026-01-06T00:00:00Z"),
        isAuthority: false,
        usages: ["serverAuth"],
        issuer,
        ...changes,
      });
    const end = { notAfter: new Date("2030-01-01T00:00:00Z") };
    const certCaPem = of({
      ...end,
      commonName: "Test",
      dnsNames: [],
      publicKey: authorityKeys.publicKey,
      isAuthority: true,
      usages: [],
    });
    let served = of({});
    paypal.routes.set(`GET ${CERT_PATH}`, (_, response) => void response.end(served));
    let now = NOW;
    const changes = { settings: { certCaPem }, now: () => now };
    const raw = {
      ...paypal.sign(BODY),
      headers: new Map(
        Object.entries(
          signPaypalNotification({
            body: BODY,
            webhookId: WEBHOOK_ID,
            transmissionId: "t-1",
            transmissionTime: "2026-01-05T10:00:02Z",
            certUrl: paypal.certUrl,
            privateKeyPem: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
          }),
        ),
      ),
    };
    expect(await verdictOf(raw, changes)).toBe("authentic");
    now = new Date("2026-01-06T00:00:00Z");
    expect(await verdictOf(raw, changes)).toBe("authentic");
    expect(paypal.asked).toHaveLength(1);
    now = new Date("2026-01-06T00:00:01Z");
    expect(await verdictOf(raw, changes)).toBe("forged/unknown_sender");
    served = of(end);
    now = new Date("2026-01-06T00:01:00Z");
    expect(await verdictOf(raw, changes)).toBe("authentic");
    expect(paypal.asked).toHaveLength(3);
  });

  test("bounds what invented addresses cost, and keeps the good key meanwhile", async () => {
    expect(await verdictOf(paypal.sign(BODY))).toBe("authentic");
    const context = paypal.context();
    const flood = Array.from({ length: 400 }, (_, n) =>
      paypal.gateway.verify(paypal.sign(BODY, { "paypal-cert-url": `${paypal.certUrl}-${n}` }), context),
    );
    const words = (await Promise.all(flood)).map(({ kind }) => kind);
    expect(words.filter((kind) => kind === "authentic")).toEqual([]);
    expect(words.filter((kind) => kind === "forged")).toHaveLength(8);
    expect(paypal.asked).toHaveLength(9);
    expect(await verdictOf(paypal.sign(BODY))).toBe("authentic");
    expect(paypal.asked).toHaveLength(9);
  });
});

describe("age", () => {
  const received = (ms: number): RawNotification => ({
    ...paypal.sign(BODY),
    receivedAt: new Date(Date.parse("2026-01-05T10:00:02Z") + ms),
  });
  const THREE_DAYS = 3 * 86_400_000;

  test("is not asked for by default: PayPal repeats for days", async () => {
    expect(await verdictOf(received(30 * 86_400_000))).toBe("authentic");
  });

  test("is bounded where that is configured, and so is the future", async () => {
    const settings = { maxAgeMs: THREE_DAYS };
    expect(await verdictOf(received(THREE_DAYS), { settings })).toBe("authentic");
    expect(await verdictOf(received(THREE_DAYS + 1), { settings })).toBe("forged/too_old");
    expect(await verdictOf(received(-300_000), { settings })).toBe("authentic");
    expect(await verdictOf(received(-300_001), { settings })).toBe("forged/in_the_future");
  });
});

describe("the journal's key", () => {
  const keyOf = (body: string): string => paypal.gateway.identify(paypal.sign(body));

  test("is the event's id, wherever it stands", () => {
    expect(keyOf(BODY)).toBe("WH-1");
    expect(keyOf('{ "event_type":"X","id" : "WH-2" }')).toBe("WH-2");
    expect(keyOf('{"resource":{"id":"CAP1"},"id":"WH-3"}')).toBe("WH-3");
  });

  test("is the body's hash where there is no id, or an odd one", () => {
    const odd = [
      "",
      "{}",
      "[]",
      "null",
      '{"id":1}',
      '{"id":"a b"}',
      '{"id":""}',
      `{"id":"${"x".repeat(101)}"}`,
      '{"x":{"id":"WH-1"}}',
    ];
    for (const body of odd) expect(keyOf(body), body).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(new Set(odd.map(keyOf)).size).toBe(odd.length);
  });
});

import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOutbound } from "../../src/gateways/outbound.ts";
import { verifyCertificate } from "../../src/gateways/signing/certificate.ts";
import { isGenuineIpn, makeTestAuthority, type StandIn, signIpn, startStandIn } from "../../src/gateways/stand-in.ts";

const NOW = new Date("2026-01-05T10:00:00Z");
const SECRET = "stand-in-secret-of-the-tests";
const authority = makeTestAuthority(NOW);
const form = Buffer.from("mc_gross=19.99&first_name=J%F6rg&charset=windows-1252");

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn({ port: 0, leafPem: authority.leafPem, ipnSecret: SECRET });
});
afterAll(() => standIn.close());

async function ask(method: "GET" | "POST", url: string, body?: Uint8Array) {
  const outbound = createOutbound([standIn.origin], { version: "0.0.0", loopbackHttp: true });
  const answer = await outbound.request({ method, url, ...(body ? { body } : {}) });
  await outbound.close();
  return { status: answer.status, text: Buffer.from(answer.body).toString() };
}

describe("the test authority", () => {
  test("certifies the sandbox's name, and nothing that a live account believes", () => {
    const anchors = { roots: [new X509Certificate(authority.caPem)], intermediates: [] };
    const of = (name: string) => verifyCertificate({ pem: authority.leafPem, anchors, name, now: NOW }).kind;
    expect(of("messageverificationcerts.sandbox.paypal.com")).toBe("trusted");
    expect(of("messageverificationcerts.paypal.com")).toBe("refused");
  });

  test("is another each time", () => {
    expect(makeTestAuthority(NOW).caPem).not.toBe(authority.caPem);
  });

  test("lasts beyond 2050, when certificates write their times otherwise", () => {
    const late = makeTestAuthority(new Date("2049-06-01T00:00:00Z"));
    const certificate = new X509Certificate(late.leafPem);
    expect(new Date(certificate.validTo).toISOString().slice(0, 10)).toBe("2059-05-30");
    expect(certificate.verify(new X509Certificate(late.caPem).publicKey)).toBe(true);
  });
});

describe("the stand-in", () => {
  test("serves the certificate", async () => {
    expect(await ask("GET", standIn.certUrl)).toEqual({ status: 200, text: authority.leafPem });
  });

  test("verifies what was signed, byte for byte", async () => {
    const prefix = Buffer.from("cmd=_notify-validate&");
    const post = async (body: Uint8Array) => (await ask("POST", standIn.ipnUrl, body)).text;
    const signed = signIpn(form, SECRET);
    expect(await post(Buffer.concat([prefix, signed]))).toBe("VERIFIED");
    expect(await post(signed)).toBe("INVALID");
    expect(await post(Buffer.concat([prefix, form]))).toBe("INVALID");
    expect(await post(Buffer.concat([prefix, signIpn(form, "another secret")]))).toBe("INVALID");
    expect(await post(Buffer.concat([prefix, Buffer.from(signed.toString("latin1").replace("%F6", "%C3%B6"))]))).toBe(
      "INVALID",
    );
    expect(await post(Buffer.alloc(300_000))).toBe("INVALID");
  });

  test("has nothing else", async () => {
    expect((await ask("GET", `${standIn.origin}/`)).status).toBe(404);
    expect((await ask("GET", standIn.ipnUrl)).status).toBe(404);
    expect((await ask("POST", standIn.certUrl)).status).toBe(404);
  });

  test("says so when its port is taken", async () => {
    const port = Number(new URL(standIn.origin).port);
    await expect(startStandIn({ port, leafPem: authority.leafPem, ipnSecret: SECRET })).rejects.toThrow("EADDRINUSE");
  });
});

test("a message without a mac, or with a shorter one, is not genuine", () => {
  const signed = signIpn(form, SECRET);
  expect(isGenuineIpn(signed, SECRET)).toBe(true);
  expect(isGenuineIpn(signed.subarray(0, -1), SECRET)).toBe(false);
  expect(isGenuineIpn(form, SECRET)).toBe(false);
  expect(isGenuineIpn(Buffer.from(""), SECRET)).toBe(false);
});

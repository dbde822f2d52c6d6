import { expect, test } from "vitest";
import type { Outbound } from "../../../src/gateways/gateway.ts";
import { createCertificates } from "../../../src/gateways/paypal/certificates.ts";
import { makeTestAuthority } from "../../../src/gateways/stand-in.ts";

const NOW = new Date("2026-01-05T10:00:00Z");
const authority = makeTestAuthority(NOW);

/** PayPal's host as far as this goes: whoever asks gets the test authority's leaf. */
const outbound: Outbound = {
  request: async () => ({ status: 200, headers: new Map(), body: Buffer.from(authority.leafPem) }),
};

test("a further authority ends a chain only where it may be a root", async () => {
  const certificates = createCertificates();
  const find = (extraAreRoots: boolean) =>
    certificates.find({
      url: "https://api.paypal.com/v1/notifications/certs/CERT-1",
      name: "messageverificationcerts.sandbox.paypal.com",
      extraPem: authority.caPem,
      extraAreRoots,
      outbound,
      now: () => NOW,
    });
  expect((await find(false)).kind).toBe("refused");
  expect((await find(true)).kind).toBe("key");
});

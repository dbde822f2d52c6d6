import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Outbound, OutboundError } from "../../../src/gateways/gateway.ts";
import { createOutbound } from "../../../src/gateways/outbound.ts";
import { paypalIpn } from "../../../src/gateways/paypal-ipn/index.ts";
import { makeTestAuthority } from "../../../src/gateways/stand-in.ts";
import { ask, startVerifier, type Verifier } from "./verifier.ts";

const BODY = new Uint8Array(Buffer.from("txn_id=1&first_name=Ren%E9e&payment_status=Completed", "latin1"));
const AUTHENTIC = { kind: "authentic", nonce: null };
const FORGED = { kind: "forged", reason: "mismatch" };
const NOT_YET = { kind: "unproven_yet", reason: "verifier_unreachable" };

let verifier: Verifier;
beforeAll(async () => {
  verifier = await startVerifier();
});
afterAll(() => verifier.close());

describe("the verifier's answer", () => {
  test.each(["VERIFIED", "VERIFIED\n", "\r\nVERIFIED\r\n", " VERIFIED\t", "\ufeffVERIFIED", "\ufeff\nVERIFIED\n"])(
    "%j proves the message",
    async (word) => {
      verifier.answer = (response) => response.end(word);
      expect(await verifier.ask(BODY)).toEqual(AUTHENTIC);
    },
  );

  test.each(["INVALID", "INVALID\n", "\ufeffINVALID"])("%j refutes it", async (word) => {
    verifier.answer = (response) => response.end(word);
    expect(await verifier.ask(BODY)).toEqual(FORGED);
  });

  test.each([
    "",
    "\n",
    "verified",
    "Verified",
    "VERIFIED VERIFIED",
    "VERIFIED\nINVALID",
    "VERIFIED.",
    "UNVERIFIED",
    "NOT VERIFIED",
    "VERIFIED\u0000",
    "ＶＥＲＩＦＩＥＤ",
    "<html><body>VERIFIED</body></html>",
    "<html>Sorry, we are down for maintenance</html>",
    `VERIFIED${" ".repeat(100)}`,
  ])("%j says neither, and is asked for again", async (word) => {
    verifier.answer = (response) => response.end(word);
    expect(await verifier.ask(BODY)).toEqual(NOT_YET);
  });

  test.each([201, 204, 400, 401, 403, 404, 429, 500, 502, 503, 504])(
    "of status %i says neither, whatever its body",
    async (status) => {
      for (const word of ["VERIFIED", "INVALID"]) {
        verifier.answer = (response) => response.writeHead(status).end(word);
        expect(await verifier.ask(BODY)).toEqual(NOT_YET);
      }
    },
  );

  test.each([301, 302, 303, 307, 308])("that redirects with %i is not followed", async (status) => {
    const before = verifier.postbacks.length;
    verifier.answer = (response) => response.writeHead(status, { location: verifier.url }).end("VERIFIED");
    expect(await verifier.ask(BODY)).toEqual(NOT_YET);
    expect(verifier.postbacks.length).toBe(before + 1);
  });

  test("that never comes is given up", async () => {
    verifier.answer = () => {};
    expect(await verifier.ask(BODY, { timeoutMs: 150 })).toEqual(NOT_YET);
  });

  test("that comes letter by letter is given up", async () => {
    verifier.answer = (response) => {
      response.write("VERI");
      setTimeout(() => response.end("FIED"), 2_000).unref();
    };
    expect(await verifier.ask(BODY, { timeoutMs: 150 })).toEqual(NOT_YET);
  });

  test("that is cut off in the middle is none", async () => {
    verifier.answer = (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("VERIFIED");
      setTimeout(() => response.destroy(), 20).unref();
    };
    expect(await verifier.ask(BODY)).toEqual(NOT_YET);
  });

  test("that is a closed connection is none", async () => {
    verifier.answer = (response) => response.destroy();
    expect(await verifier.ask(BODY)).toEqual(NOT_YET);
  });

  test("of more than 64 KiB is not read", async () => {
    verifier.answer = (response) => response.end(`VERIFIED${" ".repeat(70_000)}`);
    expect(await verifier.ask(BODY)).toEqual(NOT_YET);
  });

  test("from a port where nobody listens is none", async () => {
    const gone = await startVerifier();
    await gone.close();
    const outbound = createOutbound([new URL(gone.url).origin], { version: "0.0.0-test", loopbackHttp: true });
    expect(await ask(BODY, gone.url, outbound)).toEqual(NOT_YET);
    await outbound.close();
  });

  test("over a TLS certificate that is not trusted is none", async () => {
    const { leafPem, leafKeyPem } = makeTestAuthority(new Date());
    const server = createServer({ cert: leafPem, key: leafKeyPem }, (_request, response) => response.end("VERIFIED"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // Proven: a server that listens on a port has an address with one.
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const outbound = createOutbound([origin], { version: "0.0.0-test" });
    expect(await ask(BODY, `${origin}/cgi-bin/webscr`, outbound)).toEqual(NOT_YET);
    await outbound.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("what the verifier receives", () => {
  test("is a POST of a plain form with a User-Agent", async () => {
    verifier.answer = (response) => response.end("VERIFIED");
    await verifier.ask(BODY);
    const { method, path, headers } = verifier.postbacks.at(-1) ?? expect.fail("no postback");
    expect({ method, path }).toEqual({ method: "POST", path: "/cgi-bin/webscr" });
    expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(headers["user-agent"]).toMatch(/^Paybell/);
  });

  test.each(bodies())("is every byte of: $name", async ({ body }) => {
    verifier.answer = (response) => response.end("VERIFIED");
    await verifier.ask(body);
    expect(verifier.postbacks.at(-1)?.body).toEqual(Buffer.concat([Buffer.from("cmd=_notify-validate&"), body]));
  });

  test("is every byte of any body", async () => {
    verifier.answer = (response) => response.end("VERIFIED");
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4_000 }), async (body) => {
        await verifier.ask(body);
        const received = verifier.postbacks.at(-1)?.body ?? Buffer.alloc(0);
        expect(received.subarray("cmd=_notify-validate&".length)).toEqual(Buffer.from(body));
      }),
      { numRuns: 60 },
    );
  });
});

describe("the question", () => {
  test("has ten seconds and 64 KiB for its answer", async () => {
    const asked: Parameters<Outbound["request"]>[0][] = [];
    await ask(BODY, null, answering(200, Buffer.from("VERIFIED"), asked));
    expect(asked).toMatchObject([{ timeoutMs: 10_000, maxBytes: 65_536 }]);
  });

  test.each([
    ["a sandbox account's goes to PayPal's sandbox", false, null, "https://ipnpb.sandbox.paypal.com/cgi-bin/webscr"],
    ["a sandbox account's goes where it is told", false, "http://127.0.0.1:9/ipn", "http://127.0.0.1:9/ipn"],
    ["a live account's goes to PayPal", true, null, "https://ipnpb.paypal.com/cgi-bin/webscr"],
    [
      "a live account's goes to PayPal whatever is told",
      true,
      "http://127.0.0.1:9/ipn",
      "https://ipnpb.paypal.com/cgi-bin/webscr",
    ],
  ])("%s", async (_name, live, postbackUrl, expected) => {
    const asked: Parameters<Outbound["request"]>[0][] = [];
    await ask(BODY, postbackUrl, answering(200, Buffer.from("VERIFIED"), asked), live);
    expect(asked.map(({ url }) => url)).toEqual([expected]);
    expect(paypalIpn.origins({ postbackUrl }, live)).toEqual([new URL(expected).origin]);
  });

  test("is answered `authentic` by nothing but the word", async () => {
    const nearly = fc.constantFrom("VERIFIED", "INVALID", "\ufeff", "\n", " ", "\u0000", "V", "verified", "<p>", "É");
    const body = fc.oneof(
      fc.uint8Array(),
      fc.array(nearly, { maxLength: 4 }).map((parts) => Buffer.from(parts.join(""))),
    );
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom(200, 200, 200, 302, 403, 500), async (bytes, status) => {
        const verdict = await ask(BODY, null, answering(status, bytes, []));
        const word = Buffer.from(bytes)
          .toString()
          .replace(/^\ufeff/, "")
          .replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
        expect(verdict.kind === "authentic").toBe(status === 200 && word === "VERIFIED");
        expect(verdict.kind === "forged").toBe(status === 200 && word === "INVALID");
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(["refused_host", "timeout", "redirect", "too_large", "network"] as const)(
    "is not yet answered when the way out says %s",
    async (reason) => {
      const outbound: Outbound = { request: () => Promise.reject(new OutboundError(reason, "no whole answer")) };
      expect(await ask(BODY, null, outbound)).toEqual(NOT_YET);
    },
  );

  test("never takes a failure that nobody expected for an answer", async () => {
    const outbound: Outbound = { request: () => Promise.reject(new TypeError("a mistake of ours")) };
    await expect(ask(BODY, null, outbound)).rejects.toThrow("a mistake of ours");
  });
});

function answering(status: number, body: Uint8Array, asked: Parameters<Outbound["request"]>[0][]): Outbound {
  return {
    request: (wanted) => {
      asked.push(wanted);
      return Promise.resolve({ status, headers: new Map(), body });
    },
  };
}

/** The gateway's own vectors, every charset among them. */
function bodies(): readonly { readonly name: string; readonly body: Buffer }[] {
  const folder = new URL("../../../src/gateways/paypal-ipn/vectors/", import.meta.url);
  return readdirSync(folder).flatMap((file) => {
    // Proven: the conformance suite checks the shape of every vector.
    const vectors = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as {
      name: string;
      body?: string;
      bodyBase64?: string;
    }[];
    return vectors.map(({ name, body, bodyBase64 }) => ({
      name,
      body: bodyBase64 === undefined ? Buffer.from(body ?? "") : Buffer.from(bodyBase64, "base64"),
    }));
  });
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AnyGateway, Outbound, RawNotification } from "../../src/gateways/gateway.ts";
import { OutboundError } from "../../src/gateways/gateway.ts";
import { GATEWAYS } from "../../src/gateways/registry.ts";
import { type Allowed, expectQuick } from "../quick.ts";
import { bench, benchWith, itemsOf, onlyNamed, plain, read, sameTimes, wordOf } from "./bench.ts";
import { digestsOf, factsOf } from "./folded.ts";
import { mutated, troublesOf } from "./mutation.ts";
import { isStillSigned, spoiled } from "./spoiling.ts";
import { doubledHeader, flippedBits, hostile, reindented, resized, withoutHeader } from "./tampering.ts";
import { gatewayFolders, notesOf, rawOf, type Vector, vectorsOf } from "./vector.ts";

/** Every gateway × every vector × every tampering. A gateway is in this suite by having a folder. */

/** As long as a hundred looks at each byte of the largest body: a tenth of a second. */
const SOME_LOOKS: Allowed = { looks: 100, bytes: 1 << 20 };

test("the folders and the registry name the same gateways, each once", () => {
  expect(GATEWAYS.map((gateway) => gateway.id).sort()).toEqual(gatewayFolders());
});

describe.each(gatewayFolders())("%s", (folder) => {
  const gateway = GATEWAYS.find(({ id }) => id === folder);
  const { vectors, troubles } = vectorsOf(folder);

  test("is registered, has notes and at least one vector", () => {
    expect(gateway, `${folder} has a folder and no line in registry.ts`).toBeDefined();
    expect(notesOf(folder), `${folder}/NOTES.md`).not.toBe("");
    expect(troubles).toEqual([]);
    expect(vectors.length, `${folder}/vectors/*.json`).toBeGreaterThan(0);
  });

  test("has a proof that the vendor made, or its notes say why there is none", () => {
    const proofs = new Set(vectors.map((vector) => vector.proof));
    const hasNone = proofs.size === 1 && proofs.has("payload");
    const explained = /^- Vendor's own signature: none.*because .{20}/m.test(notesOf(folder));
    expect(proofs.has("sdk") || proofs.has("vendor") || hasNone || explained).toBe(true);
  });

  test("names each vector once", () => {
    const names = vectors.map((vector) => vector.name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  if (gateway) {
    describePort(gateway, vectors);
    test("its vectors make the same payments in any order, told once or twice", () => {
      const facts = factsOf(gateway, vectors);
      const expected = digestsOf(facts);
      expect(facts.length).toBeGreaterThan(0);
      const anyOrder = fc.shuffledSubarray([...facts, ...facts], { minLength: 2 * facts.length });
      fc.assert(
        fc.property(anyOrder, (shuffled) => {
          expect(digestsOf(shuffled)).toEqual(expected);
        }),
        { numRuns: 30 },
      );
    });
    for (const vector of vectors) {
      describe(vector.name, () => {
        describeVector(gateway, vector);
        if (vector.expect.verdict === "authentic") describeTampering(gateway, vector);
        if (vector.expect.asked === "authentic") describeAsking(gateway, vector);
      });
    }
  }
});

function describePort(gateway: AnyGateway, vectors: readonly Vector[]): void {
  test("has an id for URLs, and headers and media types in lower case", () => {
    expect(gateway.id).toMatch(/^[a-z][a-z0-9-]{1,39}$/);
    expect(gateway.provider).toMatch(/^[a-z][a-z0-9-]{1,39}$/);
    for (const name of gateway.headers) expect(name).toMatch(/^[a-z0-9-]+$/);
    for (const type of gateway.mediaTypes) expect(type).toMatch(/^[a-z]+\/[a-z0-9.+-]+$/);
  });

  test("acknowledges the first delivery and the tenth alike, with a success", () => {
    const first = gateway.acknowledge({ duplicate: false });
    expect(first.status).toBeGreaterThanOrEqual(200);
    expect(first.status).toBeLessThan(300);
    expect(gateway.acknowledge({ duplicate: true })).toEqual(first);
  });

  test.each(["", " ", "\t\n"])("refuses a setting that is %j", (blank) => {
    for (const { settings } of vectors) {
      for (const [name, value] of Object.entries(settings)) {
        const blanked = { ...settings, [name]: Array.isArray(value) ? [blank] : blank };
        expect(gateway.settings.safeParse(blanked).success, `${name} = ${JSON.stringify(blanked[name])}`).toBe(false);
      }
    }
  });

  test("identifies any bytes: total, 1 to 200 characters, no NUL, always the same", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        arbitraryHeaders(gateway),
        fc.string({ maxLength: 60 }),
        (body, headers, query) => {
          const raw = { body, headers, query: new URLSearchParams(query), receivedAt: new Date(0) };
          const key = gateway.identify(raw);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: the NUL is what must not be in it.
          expect(key).toMatch(/^[^\u0000]{1,200}$/);
          expect(gateway.identify(raw)).toBe(key);
        },
      ),
      { numRuns: 300 },
    );
  });
}

function arbitraryHeaders(gateway: AnyGateway): fc.Arbitrary<ReadonlyMap<string, string>> {
  return fc
    .dictionary(fc.constantFrom("content-type", ...gateway.headers), fc.string({ maxLength: 80 }))
    .map((headers) => new Map(Object.entries(headers)));
}

function describeVector(gateway: AnyGateway, vector: Vector): void {
  const raw = rawOf(vector);

  test(`is ${vector.expect.verdict}, as often as it comes`, async () => {
    const { channel, surprises } = bench(gateway, vector);
    const answers = [await channel.verify(raw), await channel.verify(raw)].map(wordOf);
    expect(answers).toEqual([vector.expect.verdict, vector.expect.verdict]);
    expect(surprises).toEqual([]);
  });

  const { asked } = vector.expect;
  if (asked !== undefined) {
    test(`is ${asked} by the provider's answer`, async () => {
      const { channel, surprises } = bench(gateway, vector);
      if (channel.prove === null) throw new Error("the vector expects a question, and this gateway asks none");
      expect(wordOf(await channel.prove(raw))).toBe(asked);
      expect(surprises).toEqual([]);
    });
  }

  test("has the expected key, whatever becomes of it", () => {
    const key = gateway.identify(raw);
    expect(key.length).toBeGreaterThan(0);
    if (vector.expect.key !== undefined) expect(key).toBe(vector.expect.key);
  });

  const { items, unreadable } = vector.expect;
  if (items !== undefined) {
    test("says what is expected, and says the same again", () => {
      const { channel } = bench(gateway, vector);
      const actual = plain(itemsOf(channel, raw));
      expect(onlyNamed(actual, items)).toEqual(sameTimes(items));
      expect(plain(itemsOf(channel, raw))).toEqual(actual);
    });
  }
  if (unreadable !== undefined) {
    test("is not understood, and says where", () => {
      expect(read(bench(gateway, vector).channel, raw)).toEqual({
        kind: "unreadable",
        detail: expect.stringContaining(unreadable),
      });
    });
  }

  test("is read without an exception and into well-formed facts, whatever its values are", () => {
    const { channel } = bench(gateway, vector);
    expect(troublesOf(read(channel, raw), raw)).toEqual([]);
    fc.assert(
      fc.property(mutated(raw), (other) => {
        expect(troublesOf(read(channel, other), other)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test("meets hostile requests without an exception, and each in some looks at a megabyte", {
    timeout: 60_000,
  }, async () => {
    const { channel } = bench(gateway, { ...vector, answers: {} });
    for (const { what, raw: other } of hostile(raw)) {
      await expectQuick(() => channel.verify(other), SOME_LOOKS, what);
      expect(gateway.identify(other).length, what).toBeLessThanOrEqual(200);
    }
  });
}

/** What the suite does to each authentic notification without being told. */
function describeTampering(gateway: AnyGateway, vector: Vector): void {
  const raw = rawOf(vector);
  const verdictOf = async (other: RawNotification, now = vector.now) =>
    wordOf(await bench(gateway, vector, now).channel.verify({ ...other, receivedAt: now }));

  test("is forged with any bit of its body flipped, with bytes more or fewer", async () => {
    for (const { where, raw: other } of [...flippedBits(raw), ...resized(raw)]) {
      expect(await verdictOf(other), where).toMatch(/^forged\//);
    }
  });

  const signatureHeaders = gateway.headers.filter(
    (name) => raw.headers.has(name) && name !== "content-type" && !vector.tamper.unsignedHeaders.includes(name),
  );
  test("carries its proof in headers that are kept", () => {
    expect(signatureHeaders.length).toBeGreaterThan(0);
  });
  test.each(signatureHeaders)("is forged without %s, and with it twice", async (name) => {
    expect(await verdictOf(withoutHeader(raw, name))).toMatch(/^forged\//);
    expect(await verdictOf(doubledHeader(raw, name))).toMatch(/^forged\//);
  });

  test("proves nothing once its signature or its body is another, in whatever shape, in some looks at a megabyte", async () => {
    const { channel } = bench(gateway, vector);
    await fc.assert(
      fc.asyncProperty(spoiled(raw, signatureHeaders), async (given) => {
        let verdict = "";
        await expectQuick(async () => {
          verdict = wordOf(await channel.verify(given));
        }, SOME_LOOKS);
        if (verdict === "authentic") expect(isStillSigned(raw, given, signatureHeaders)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  const other = reindented(raw);
  if (other) {
    test("is forged when its JSON was read and written again", async () => {
      expect(await verdictOf(other)).toMatch(/^forged\//);
    });
  }

  if (vector.tamper.timeBound) {
    const { toleranceSeconds } = vector.tamper;
    test(`is proven for ${toleranceSeconds} s in each direction and not a second longer`, async () => {
      const at = (seconds: number) => verdictOf(raw, new Date(vector.now.getTime() + seconds * 1000));
      const latest = await lastAuthentic(at, 2 * toleranceSeconds + 1);
      const earliest = await lastAuthentic((seconds) => at(-seconds), 2 * toleranceSeconds + 1);
      expect(latest + earliest).toBe(2 * toleranceSeconds);
      expect(await at(latest + 1)).toBe("forged/too_old");
      expect(await at(-earliest - 1)).toBe("forged/in_the_future");
    });
  }
}

/** Where the provider is asked: what it is asked, and what its failures mean. */
function describeAsking(gateway: AnyGateway, vector: Vector): void {
  const raw = rawOf(vector);
  const ask = (request: Outbound["request"]) => {
    const { prove } = benchWith(gateway, vector, { request });
    if (prove === null) throw new Error("this gateway asks nothing");
    return prove(raw).then(wordOf);
  };
  const answered = (status: number, text: string) => async () => ({
    status,
    headers: new Map<string, string>(),
    body: new Uint8Array(Buffer.from(text)),
  });
  const yes = Object.values(vector.answers)[0]?.body ?? "";

  test("has a key that no other body has, so that nobody can occupy it", () => {
    const others = [...flippedBits(raw), ...resized(raw)].map((other) => gateway.identify(other.raw));
    expect(others).not.toContain(gateway.identify(raw));
    expect(new Set(others).size).toBe(others.length);
  });

  test("is shown to the provider byte for byte", async () => {
    const shown: Uint8Array[] = [];
    await ask(async ({ body = new Uint8Array() }) => {
      shown.push(body);
      return answered(200, yes)();
    });
    expect(shown).toHaveLength(1);
    expect(Buffer.from(shown[0] ?? new Uint8Array()).includes(Buffer.from(raw.body))).toBe(true);
  });

  test.each([
    ["a 200 with the right word", answered(200, yes), "authentic"],
    ["a 500 with the right word", answered(500, yes), "unproven_yet"],
    ["a 302", answered(302, yes), "unproven_yet"],
    ["a 403", answered(403, ""), "unproven_yet"],
    ["a 429", answered(429, ""), "unproven_yet"],
    ["nothing", answered(200, ""), "unproven_yet"],
    ["a page around the word", answered(200, `<html>${yes}</html>`), "unproven_yet"],
    ["the word twice", answered(200, yes + yes), "unproven_yet"],
    ["a broken line", () => Promise.reject(new OutboundError("network", "broken")), "unproven_yet"],
    ["a time-out", () => Promise.reject(new OutboundError("timeout", "late")), "unproven_yet"],
  ] as const)("answered with %s is %3$s", async (_, answer, expected) => {
    expect((await ask(answer)).split("/")[0]).toBe(expected);
  });
}

/** How many seconds from the vector's own time, below `end`, the proof still holds. */
async function lastAuthentic(at: (seconds: number) => Promise<string>, end: number): Promise<number> {
  expect(await at(end)).not.toBe("authentic");
  let good = 0;
  let bad = end;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if ((await at(middle)) === "authentic") good = middle;
    else bad = middle;
  }
  return good;
}

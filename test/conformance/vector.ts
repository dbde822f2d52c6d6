import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as z from "zod";
import type { RawNotification } from "../../src/gateways/gateway.ts";

/** One notification with what must become of it: the data that a gateway's folder brings in `vectors/*.json`. */
const Vector = z.strictObject({
  /** A sentence. */
  name: z.string().min(3),
  /**
   * Who made the proof: the vendor's own SDK, the vendor (published), we ourselves from the documented rule (which proves only
   * that we agree with ourselves), or nobody, where the body carries none (IPN).
   */
  proof: z.enum(["sdk", "vendor", "rule", "payload"]),
  source: z.string().min(3),
  settings: z.record(z.string(), z.unknown()),
  account: z
    .strictObject({
      id: z.string().default("default"),
      live: z.boolean().default(false),
      receivers: z.array(z.string()).default([]),
    })
    .prefault({}),
  now: z.iso.datetime().transform((text) => new Date(text)),
  method: z.enum(["GET", "POST"]).default("POST"),
  query: z.string().default(""),
  headers: z.record(z.string().regex(/^[a-z0-9-]+$/, "lower case"), z.string()),
  body: z.string().optional(),
  bodyBase64: z.base64().optional(),
  orderFields: z.array(z.string()).optional(),
  /** What the network answers, by URL. Any other URL fails the test. */
  answers: z
    .record(
      z.string(),
      z.strictObject({
        status: z.int(),
        headers: z.record(z.string(), z.string()).default({}),
        body: z.string().default(""),
      }),
    )
    .default({}),
  expect: z.strictObject({
    verdict: z.string().regex(/^(authentic|forged\/[a-z_]+|unproven_yet\/[a-z_]+)$/),
    /** The verdict of the question to the provider, where the sender is proven by one. */
    asked: z.string().optional(),
    key: z.string().optional(),
    /** Part of the reason why an authentic notification is not understood. */
    unreadable: z.string().optional(),
    /** All items in order; of each and of its facts only the named attributes are compared, and those exactly. */
    items: z.array(z.looseObject({ facts: z.array(z.looseObject({})).optional() })).optional(),
  }),
  tamper: z
    .strictObject({
      /** Whether the proof is good for a limited time only, and for how long in each direction. */
      timeBound: z.boolean().default(false),
      toleranceSeconds: z.int().positive().default(300),
      /** Headers that the gateway reads and the proof does not cover; each is a decision to defend in NOTES.md. */
      unsignedHeaders: z.array(z.string()).default([]),
    })
    .prefault({}),
});
export type Vector = z.infer<typeof Vector>;

const GATEWAYS_FOLDER = new URL("../../src/gateways/", import.meta.url);

/** Every folder under src/gateways that is a gateway: all but the shared signature schemes. */
export function gatewayFolders(): readonly string[] {
  return readdirSync(GATEWAYS_FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "signing")
    .map((entry) => entry.name)
    .sort();
}

/** The folder's NOTES.md; empty where there is none. */
export function notesOf(folder: string): string {
  const notes = new URL(`${folder}/NOTES.md`, GATEWAYS_FOLDER);
  return existsSync(notes) ? readFileSync(notes, "utf8") : "";
}

/** All vectors of one gateway, and what is wrong with the files that don't have the shape above. */
export function vectorsOf(folder: string): {
  readonly vectors: readonly Vector[];
  readonly troubles: readonly string[];
} {
  const vectors = new URL(`${folder}/vectors/`, GATEWAYS_FOLDER);
  if (!existsSync(vectors)) return { vectors: [], troubles: [] };
  const files = readdirSync(vectors)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => ({
      file,
      read: z.array(Vector).safeParse(JSON.parse(readFileSync(new URL(file, vectors), "utf8"))),
    }));
  return {
    vectors: files.flatMap(({ read }) => (read.success ? read.data : [])),
    troubles: files.flatMap(({ file, read }) => (read.success ? [] : [`${file}\n${z.prettifyError(read.error)}`])),
  };
}

/** The notification as it arrives at the edge at the vector's own time. */
export function rawOf(vector: Vector): RawNotification {
  const body =
    vector.bodyBase64 === undefined ? Buffer.from(vector.body ?? "") : Buffer.from(vector.bodyBase64, "base64");
  return {
    body: new Uint8Array(body),
    headers: new Map(Object.entries(vector.headers)),
    query: new URLSearchParams(vector.query),
    receivedAt: vector.now,
  };
}

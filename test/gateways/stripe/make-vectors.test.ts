import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EVENT_TYPES } from "../../../src/gateways/stripe/payload.ts";
import { vectorFiles } from "./make-vectors.ts";

const FOLDER = new URL("../../../src/gateways/stripe/vectors/", import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));

test("the vectors in the folder are the ones that make-vectors.ts makes", () => {
  const files = vectorFiles();
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(files).sort());
  for (const [name, vectors] of Object.entries(files)) expect(read(name), name).toEqual(vectors);
});

/** Events whose object and reading are another's in the same family, down to the last attribute. */
const ALIKE = [
  "invoice.updated",
  "invoice.paid",
  "invoice.overpaid",
  "invoice.overdue",
  "radar.early_fraud_warning.updated",
];

test("every event type that is read has a vector", () => {
  const bodies = JSON.stringify(vectorFiles());
  const missing = EVENT_TYPES.filter((type) => !ALIKE.includes(type) && !bodies.includes(`\\"type\\": \\"${type}\\"`));
  expect(missing).toEqual([]);
});

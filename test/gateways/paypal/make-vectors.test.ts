import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EVENT_TYPES } from "../../../src/gateways/paypal/read-event.ts";
import { vectorFiles } from "./make-vectors.ts";

const FOLDER = new URL("../../../src/gateways/paypal/vectors/", import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));

test("the vectors in the folder are the ones that make-vectors.ts makes", () => {
  const files = vectorFiles();
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(files).sort());
  for (const [name, vectors] of Object.entries(files)) expect(read(name), name).toEqual(vectors);
});

test("every event type that is read has a vector", () => {
  const bodies = JSON.stringify(vectorFiles());
  expect(EVENT_TYPES.filter((type) => !bodies.includes(`\\"event_type\\":\\"${type}\\"`))).toEqual([]);
});

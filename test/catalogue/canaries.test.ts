import { expect, test } from "vitest";
import { CANARY, canariesIn } from "../end-to-end/canaries.ts";

test("the search for canaries finds each kind, so that finding none means something", () => {
  expect(canariesIn(CANARY, {})).toEqual(["free text of a body or a header", "a card number", "a buyer's e-mail"]);
  expect(canariesIn(`t=1,v1=${"a".repeat(64)} -----BEGIN RSA PRIVATE KEY-----`, {})).toHaveLength(2);
  expect(canariesIn("Bearer abcdefgh", { API_TOKEN: "abcdefgh" })).toEqual(["API_TOKEN"]);
  expect(canariesIn('{"level":30,"msg":"notification"}', { API_TOKEN: "abcdefgh" })).toEqual([]);
});

import { expect, test } from "vitest";
import { readNotification } from "../../src/pipeline/read.ts";
import { newInput } from "./inputs.ts";

test.each(["unproven", "rejected"] as const)("no byte of what is %s is ever read", (state) => {
  expect(() => readNotification(newInput("a", { state }), undefined, undefined)).toThrow(`is ${state}`);
});

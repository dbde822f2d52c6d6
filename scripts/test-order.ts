import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest, the longest first: begun last, one of them would run alone at the end. */
const LONG = [
  "test/end-to-end/telling.test.ts",
  "test/bench/bench.test.ts",
  "test/end-to-end/mail.test.ts",
  "test/recovery/check.test.ts",
  "test/project/dockerfile.test.ts",
  "test/end-to-end/receive.test.ts",
  "test/end-to-end/paypal.test.ts",
  "test/documents/documents.test.ts",
  "test/project/new-gateway.test.ts",
  "test/main.test.ts",
  "test/http/events.test.ts",
  "test/outbox/delivering.test.ts",
  "test/recovery/",
  "test/pipeline/",
  "test/end-to-end/",
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placed = files.map((file) => ({ file, place: placeOf(file.moduleId) }));
    return placed.sort((left, right) => left.place - right.place).map(({ file }) => file);
  }
}

function placeOf(path: string): number {
  const place = LONG.findIndex((long) => path.includes(long));
  return place === -1 ? LONG.length : place;
}

import { defineConfig } from "vitest/config";
import { LongestFirst } from "./scripts/test-order.ts";
import { TestReporter } from "./scripts/test-reporter.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["scripts/prepare-tests.ts", "test/children.ts", "test/store/templates.ts"],
    reporters: ["default", new TestReporter()],
    // Most of them wait for processes, browsers and clocks; vitest itself would take one worker on two cores.
    maxWorkers: 3,
    // One process for many files: nothing in src changes while it is loaded but pools, and each process compiles all of it again.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});

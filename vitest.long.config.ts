import { defineConfig } from "vitest/config";

/** `npm run test:long`: one file after the other, because what is measured must not be disturbed. */
export default defineConfig({
  test: {
    include: ["test/long/**/*.long.ts"],
    globalSetup: ["scripts/prepare-tests.ts", "test/children.ts", "test/store/templates.ts"],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});

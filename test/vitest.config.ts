import { defineConfig } from "vitest/config";

// Two cores in CI, and a third file beside: end-to-end files start real tmux servers and agents, and mostly wait for
// them. No test asserts how long something took: a limit only ends what hangs, also on a machine ten times slower.
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/built-product.ts"],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 3,
  },
});

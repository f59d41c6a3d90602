import { defineConfig } from "vitest/config";

// Two cores in CI: end-to-end files start real tmux servers and agents, so they take their turn.
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/built-product.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});

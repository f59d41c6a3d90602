import { defineConfig } from "vitest/config";

/** Rooms without I/O, clock or randomness: their tests leave nothing behind that another file could meet. */
const pure = [
  "base",
  "metering",
  "tasks",
  "delegation",
  "throttle",
  "reports",
  "overview",
  "commands",
  "activation",
].map((room) => `test/${room}/**/*.test.ts`);

// Two cores in CI, and a third file beside: end-to-end files start real tmux servers and agents, and mostly wait for
// them. No test asserts how long something took: a limit only ends what hangs, also on a machine ten times slower.
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    globalSetup: ["test/support/built-product.ts"],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 3,
    projects: [
      { extends: true, test: { name: "real", include: ["test/**/*.test.ts"], exclude: pure } },
      // Loaded once a process and not once a file, which is most of what they take.
      { extends: true, test: { name: "pure", include: pure, isolate: false } },
    ],
  },
});

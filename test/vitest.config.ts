import { defineConfig } from "vitest/config";
import { LongestFirst } from "./longest-first.ts";

/** Rooms whose tests leave nothing behind in their process that another file could meet. */
const ROOMS = [
  ...["base", "metering", "tasks", "roster", "delegation", "throttle", "optimization", "hierarchy"],
  ...["activation", "rounds", "events", "transcripts", "telemetry", "reports", "overview", "commands"],
];
/** Files of other rooms that do, in part: they put clocks of their own in place, start agents or hold servers. */
const APART = [
  "test/{adoption,doctor,engine,kept-writes,limit-book,machine-clock,recovery,resumption}.test.ts",
  "test/agents/{*.e2e,opencode-plugin,rehearsal,shell}.test.ts",
];
const SHARED = [
  ...ROOMS.map((room) => `test/${room}/**/*.test.ts`),
  "test/*.test.ts",
  "test/agents/*.test.ts",
];

// Two cores in CI, and two files beside: end-to-end files start real tmux servers and agents, and mostly wait for
// them. No test asserts how long something took: a limit only ends what hangs, also on a machine ten times slower.
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    globalSetup: ["test/support/built-product.ts"],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: "real", include: ["test/**/*.test.ts"], exclude: SHARED } },
      { extends: true, test: { name: "apart", include: APART } },
      // Loaded once a process and not once a file, which is most of what they take.
      { extends: true, test: { name: "shared", include: SHARED, exclude: APART, isolate: false } },
    ],
  },
});

import { execa } from "execa";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { productFolder } from "../support/built-product.ts";
import { TEST_ENV, testFolder } from "../support/tmux-server.ts";

const OPENER = new URL("../support/open-at.mjs", import.meta.url).pathname;

describe("a state folder that nobody used before", () => {
  it("is opened by many programs in the same millisecond, and serves them all", async () => {
    for (let round = 0; round < 2; round += 1) {
      const state = join(await testFolder(), "state");
      const env = { ...TEST_ENV, HOME: state, TERM: "xterm" };
      const atMs = String(Date.now() + 2_500);
      const calls = Array.from({ length: 6 }, () =>
        execa(process.execPath, [OPENER, productFolder(), state, atMs], {
          extendEnv: false,
          env,
          reject: false,
        }),
      );
      for (const { exitCode, stderr } of await Promise.all(calls))
        expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      const bin = join(productFolder(), "ctm.cjs");
      const { stdout } = await execa(process.execPath, [bin, "--state-dir", state, "--json", "tasks"], {
        extendEnv: false,
        env,
      });
      expect(JSON.parse(stdout)).toHaveLength(6);
    }
  });
});

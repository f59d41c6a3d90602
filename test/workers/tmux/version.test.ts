import { describe, expect, test } from "vitest";
import { isAtLeast, parseTmuxVersion, requireUsable } from "../../../src/workers/tmux/version.ts";

describe("the version of tmux", () => {
  test.each([
    ["tmux 3.3a", 3, 3],
    ["3.2", 3, 2],
    ["tmux next-3.6", 3, 6],
    ["tmux 3.10", 3, 10],
    ["tmux 2.9a", 2, 9],
    ["tmux master", 99, 0],
    ["tmux openbsd-7.5", 99, 0],
  ])("%s", (text, major, minor) => {
    expect(parseTmuxVersion(text)).toMatchObject({ major, minor });
  });

  test.each(["tmux 3.1c", "tmux 2.9a", "1.8"])("%s is refused, with what to do", (text) => {
    expect(() => requireUsable(parseTmuxVersion(text))).toThrow(
      expect.objectContaining({ code: "tmux-too-old", message: expect.stringContaining("scripts/setup.sh") }),
    );
  });

  test.each(["tmux 3.2", "tmux 3.2a", "tmux 3.3a", "tmux next-3.8", "tmux master"])("%s is taken", (text) => {
    expect(() => requireUsable(parseTmuxVersion(text))).not.toThrow();
  });

  test("3.10 is newer than 3.7", () => {
    expect(isAtLeast(parseTmuxVersion("3.10"), 3, 7)).toBe(true);
    expect(isAtLeast(parseTmuxVersion("3.3a"), 3, 7)).toBe(false);
  });
});

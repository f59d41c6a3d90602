/** The words of the call as the kernel has them: bytes, which need not be text. */
import { readFileSync } from "node:fs";
import { CtmError } from "../base/errors.ts";

/**
 * Throws CtmError `usage` when a word is not UTF-8. Node puts U+FFFD in the place of what it cannot read, so a task
 * would be queued that nobody wrote. Where the bytes cannot be looked at (no /proc), what Node read counts.
 */
export function refuseBrokenWords(words: readonly string[]): void {
  if (!words.some((word) => word.includes("\ufffd"))) return;
  const bytes = commandLine();
  if (bytes === null) return;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CtmError("usage", "a word of this call is not UTF-8 text; nothing was done", [], {
      cause: error,
    });
  }
}

function commandLine(): Buffer | null {
  try {
    return readFileSync("/proc/self/cmdline");
  } catch {
    return null;
  }
}

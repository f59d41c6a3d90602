/** How Codex's screen reads. Conservative: what is not positively idle is not idle. */
import type { ScreenReading } from "./adapter.ts";
import { lastTextLines, screenLines } from "./screen-lines.ts";

const COMPOSER = /^›(?: |$)/;
const BUSY = /\(\d+[hms\d ]* • esc to interrupt\)/;
const INTERRUPTED = /^■ Conversation interrupted\b/;
const LIMITED = /^■ You.ve hit your usage limit/;
const CHOICE = /^\s*› \d+\. /;
const DIALOG_FOOT = /\b(?:enter|esc)\b (?:to )?(?:confirm|select|cancel|skip|back|close)\b/i;
const LABELLED = /^\s*[A-Z][a-z]+:\s/;
const FOOTER = /\? for shortcuts/;
/** What an empty composer shows by itself; a capture without attributes cannot tell it from typed text. */
const GHOST = "Ask Codex to do anything";

/** Reads a capture of the whole visible screen. */
export function readCodexScreen(captured: readonly string[]): ScreenReading {
  const lines = screenLines(captured);
  const choiceAt = lines.findLastIndex((line) => CHOICE.test(line));
  const composerAt = lines.findLastIndex((line) => COMPOSER.test(line) && !CHOICE.test(line));
  if (DIALOG_FOOT.test(lines.at(-1) ?? "") && choiceAt > composerAt) return readDialog(lines, choiceAt);
  const foot = lastTextLines(lines, 1)[0] ?? "";
  if (composerAt < 0 || !FOOTER.test(foot)) {
    return { state: "unknown", text: null, because: foot.trim() || "an empty screen" };
  }
  const above = lines.slice(0, composerAt);
  const busy = lastTextLines(above, 4).find((line) => BUSY.test(line));
  if (busy !== undefined) return { state: "busy", text: null, because: busy.trim() };
  const draft = draftAt(lines, composerAt);
  if (draft !== "" && draft !== GHOST)
    return { state: "draft", text: draft, because: "text in the composer" };
  return settled(above);
}

/** The composer's text: from its mark down to the blank line above the two lines of the footer. */
function draftAt(lines: readonly string[], composerAt: number): string {
  const end = lines.findLastIndex((line, at) => at > composerAt && line === "");
  const rows = lines.slice(composerAt, end < 0 ? lines.length - 2 : end);
  return rows.join("\n").slice(1).trim();
}

/** Idle, and what the last line of the conversation says of the last turn. */
function settled(above: readonly string[]): ScreenReading {
  const last = above.findLast((line) => line !== "" && !/^\s+⚠ /.test(line)) ?? "";
  if (INTERRUPTED.test(last)) return { state: "interrupted", text: null, because: last };
  if (LIMITED.test(last)) return { state: "limited", text: last.slice(0, 500), because: last.slice(0, 100) };
  return { state: "idle", text: null, because: GHOST };
}

function readDialog(lines: readonly string[], choiceAt: number): ScreenReading {
  // "Reason: …?" is what the agent says, not what is asked.
  const above = lines.slice(0, choiceAt).flatMap((line) => (LABELLED.test(line) ? [] : [line.trim()]));
  const question =
    above.findLast((line) => line.endsWith("?")) ?? above.findLast((line) => /^\p{L}/u.test(line)) ?? null;
  return { state: "dialog", text: question?.slice(0, 500) ?? null, because: (lines[choiceAt] ?? "").trim() };
}

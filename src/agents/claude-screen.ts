/**
 * How Claude Code's screen reads. Conservative: what is not positively idle is not idle. The screen is asked before
 * typing and where no hook exists (an interrupt); everything else comes from the hooks.
 */
import type { ScreenReading } from "./adapter.ts";
import { lastTextLines, screenLines } from "./screen-lines.ts";

/** The line above the composer, into which a named conversation (`/branch`, `/rename`) writes its name, or below it. */
const RULE = /^─{20,}$|^─{3,} .{1,500} ─{1,20}$/;
const BUSY = /\besc to interrupt\b/;
const INTERRUPTED = /Interrupted · What should Claude do instead\?$/;
const LIMITED = /Usage limit reached · limit resets|Continuing (?:automatically at|shortly) /;
/** Lines that only a dialog's foot shows. */
const DIALOG_FOOT = /\b(?:Enter to (?:confirm|select|save|continue|submit)|Esc to (?:cancel|exit|go back))\b/;
const CHOICE = /^\s*❯\s+(?:\d+\.\s|Yes\b|No\b)/;
const FOOTER = /\? for shortcuts|(?:mode|permissions|edits) on\b/;

// What an empty composer shows by itself. A capture without attributes cannot tell it from typed text.
const GHOSTS: readonly RegExp[] = [
  /^Once fixed, resend your message$/,
  /^Resend your message to try again$/,
  /^Press up to edit queued messages$/,
  /^Try "[^"]{1,200}"$/,
];

/** Reads a capture of the whole visible screen. */
export function readClaudeScreen(captured: readonly string[]): ScreenReading {
  const lines = screenLines(captured);
  const rules = lines.flatMap((line, at) => (RULE.test(line) ? [at] : []));
  const [top = -1, bottom = -1] = rules.slice(-2);
  const composer = bottom > 0 && (lines[top + 1] ?? "").startsWith("❯") ? lines.slice(top + 1, bottom) : null;
  const footer = lines.slice(bottom + 1).join("\n");
  if (composer === null || isDialogFoot(footer)) return readDialog(lines);
  if (BUSY.test(footer)) return { state: "busy", text: null, because: "esc to interrupt" };
  const draft = composer.join("\n").slice(1).trim();
  if (draft !== "" && !GHOSTS.some((ghost) => ghost.test(draft))) {
    return { state: "draft", text: draft, because: "text in the composer" };
  }
  if (LIMITED.test(footer))
    return { state: "limited", text: footer.trim(), because: "a usage limit in the footer" };
  if (!FOOTER.test(footer)) return { state: "unknown", text: null, because: footer.trim() || "no footer" };
  return interruptedAbove(lines.slice(0, top))
    ? { state: "interrupted", text: null, because: "Interrupted · What should Claude do instead?" }
    : { state: "idle", text: null, because: lastTextLines(lines, 1)[0]?.trim() ?? "" };
}

/** The limit's own footer says "Esc to cancel" too, and is none. */
function isDialogFoot(footer: string): boolean {
  return DIALOG_FOOT.test(footer) && !LIMITED.test(footer);
}

function readDialog(lines: readonly string[]): ScreenReading {
  const choiceAt = lines.findLastIndex((line) => CHOICE.test(line));
  const footAt = lines.findLastIndex((line) => DIALOG_FOOT.test(line));
  if (choiceAt < 0 && footAt < 0) {
    return { state: "unknown", text: null, because: lastTextLines(lines, 1)[0]?.trim() ?? "an empty screen" };
  }
  return {
    state: "dialog",
    text: questionAbove(lines, choiceAt < 0 ? footAt : choiceAt),
    because: (lines[choiceAt < 0 ? footAt : choiceAt] ?? "").trim(),
  };
}

/** The nearest line above the choices that is a sentence and not another choice. */
function questionAbove(lines: readonly string[], at: number): string | null {
  const above = lines.slice(0, at).map((line) => line.trim());
  const question =
    above.findLast((line) => line.endsWith("?")) ?? above.findLast((line) => /^\p{L}/u.test(line));
  return question?.slice(0, 500) ?? null;
}

/** Is the last thing of the conversation an interrupt? Hints stand at the right edge, below the conversation. */
function interruptedAbove(lines: readonly string[]): boolean {
  const last = lines.findLast((line) => line !== "" && !/^ {20}/.test(line));
  return INTERRUPTED.test(last ?? "");
}

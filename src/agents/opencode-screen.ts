/**
 * How OpenCode's screen reads: the composer is the box at the bottom, whose last line names the agent and the model.
 * Conservative: what is not positively idle is not idle. Everything but readiness comes from its plugin.
 */
import type { ScreenReading } from "./adapter.ts";
import { lastTextLines, screenLines } from "./screen-lines.ts";

const SIDE = /^\s*┃/;
const BOTTOM = /^\s*╹▀{10,}/;
const BUSY = /\besc (?:again to )?interrupt\b|\[retrying\b/;
/** A line of the list of commands that opens over a draft that begins with a stroke. */
const OFFERED = /┃$/;
const GHOST = /^Ask anything…/;
const PERMISSION = /△ Permission required|\bAllow once\s+Allow always\s+Reject\b/;
const QUESTION = /\benter (?:confirm|submit|toggle|select)\b.*\besc dismiss\b/i;
/** The first line of a list that is laid over everything. */
const OVERLAY = /^ {10,}(\S.*\S) {8,}esc$/;
const INTERRUPTED = /^\s*▣ .*· interrupted$/;

/** Reads a capture of the whole visible screen. */
export function readOpencodeScreen(captured: readonly string[]): ScreenReading {
  const lines = screenLines(captured);
  const bottom = lines.findLastIndex((line) => BOTTOM.test(line));
  const dialogAt = lines.findLastIndex((line) => PERMISSION.test(line) || QUESTION.test(line));
  if (dialogAt > bottom) return readDialog(lines, dialogAt);
  const overlay = lines.map((line) => OVERLAY.exec(line)?.[1]).find((title) => title !== undefined);
  if (overlay !== undefined) return { state: "unknown", text: null, because: `a list is open: ${overlay}` };
  if (bottom < 0)
    return { state: "unknown", text: null, because: lastTextLines(lines, 1)[0]?.trim() ?? "an empty screen" };
  const top = lines.slice(0, bottom).findLastIndex((line) => !SIDE.test(line)) + 1;
  const box = lines.slice(top, bottom).map((line) => line.replace(SIDE, "").trim());
  const footer = lines
    .slice(bottom + 1)
    .join(" ")
    .trim();
  if (BUSY.test(footer)) return { state: "busy", text: null, because: BUSY.exec(footer)?.[0] ?? "" };
  const named = box.findLastIndex((line) => line !== "");
  const above = box.slice(0, Math.max(named, 0));
  const draft = above.join("\n").trim();
  if (named < 0 || !(box[named] ?? "").includes("·"))
    return { state: "unknown", text: null, because: "the composer names no model" };
  if (draft !== "" && !GHOST.test(draft))
    return { state: "draft", text: withoutOffers(above), because: "text in the composer" };
  const last = lines.slice(0, top).findLast((line) => line.trim() !== "") ?? "";
  return INTERRUPTED.test(last)
    ? { state: "interrupted", text: null, because: last.trim() }
    : { state: "idle", text: null, because: box[named] ?? "" };
}

/** What stands in the composer itself: only what is told, never whether anything stands there. */
function withoutOffers(above: readonly string[]): string {
  return above
    .filter((line) => !OFFERED.test(line))
    .join("\n")
    .trim();
}

function readDialog(lines: readonly string[], at: number): ScreenReading {
  const subject = lines
    .slice(0, at + 1)
    .map((line) => line.replace(SIDE, "").trim())
    .findLast((line) => line.startsWith("$ ") || line.endsWith("?") || line.startsWith("→"));
  return {
    state: "dialog",
    text: subject?.slice(0, 500) ?? null,
    because: (lines[at] ?? "").replace(SIDE, "").trim(),
  };
}

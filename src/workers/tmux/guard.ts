/**
 * Conditions that the tmux server itself checks in the moment it acts, as tmux formats. Nothing can come between
 * such a check and the act behind it: the server does one thing at a time.
 */
import { CtmError } from "../../base/errors.ts";
import { requireIdentity, type PaneIdentity } from "./pane-identity.ts";
import { formatLiteral, quoted } from "./quoting.ts";

/** What was typed last: an attempt, or the n-th answer typed within it. */
export const MARKER = /^[a-z0-9-]{1,80}(\.\d{1,6})?$/;

/** `format` shows exactly this text. */
export function shows(format: string, text: string): string {
  return `#{==:${format},${formatLiteral(text)}}`;
}

export function allOf(conditions: readonly string[]): string {
  return conditions.reduceRight((rest, condition) => `#{&&:${condition},${rest}}`);
}

/** Still that program in that pane of that server. The pane's id is compared too: tmux falls back to another pane. */
export function isPane(pane: PaneIdentity): string {
  requireIdentity(pane);
  return allOf([
    shows("#{pid}", String(pane.serverPid)),
    shows("#{start_time}", String(pane.serverStartTime)),
    shows("#{pane_id}", pane.paneId),
    shows("#{pane_pid}", String(pane.panePid)),
    shows("#{pane_dead}", "0"),
  ]);
}

/** Keys and pastes reach the program and nothing else. */
export function takesInput(): string {
  return allOf([shows("#{pane_in_mode}", "0"), shows("#{pane_input_off}", "0")]);
}

/** The last thing typed was this attempt, or an answer within it; "" = nothing yet. */
export function lastTyped(attemptId: string): string {
  const exactly = shows("#{@ctm_a}", attemptId);
  return attemptId === "" || attemptId.includes(".")
    ? exactly
    : `#{||:${exactly},#{m:${attemptId}.*,#{@ctm_a}}}`;
}

/** The last thing typed was exactly this. */
export function lastMark(marker: string): string {
  return shows("#{@ctm_a}", marker);
}

/** A command that does `then` if the condition holds for the pane, and `otherwise` if not. */
export function ifPane(paneId: string, condition: string, then: string, otherwise: string): string {
  return `if-shell -F -t ${paneId} ${quoted(condition)} ${quoted(then)} ${quoted(otherwise)}`;
}

/** Throws CtmError `refused` unless this can be a marker: it is written into tmux commands. */
export function requireMarker(marker: string): void {
  if (!MARKER.test(marker))
    throw new CtmError("refused", "An attempt's id holds lower-case letters, digits and hyphens only.");
}

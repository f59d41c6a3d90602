/** Bringing a prompt as typed and a prompt as an agent reports it to one form, so that the two can be compared. */

// Claude Code wraps what was pasted; the id differs from paste to paste, and one prompt may hold several pieces.
const PASTED = /<pasted_content\b[^>\n]{0,100}>\n?([\s\S]*?)\n?<\/pasted_content\b[^>\n]{0,100}>/g;

/** The prompt without the agent's own wrapping, with LF line ends and without blanks at either end. */
export function normalisePrompt(prompt: string): string {
  return prompt.replace(/\r\n?/g, "\n").replace(PASTED, "$1").trim();
}

/** A prompt the agent gave itself (a background task reporting back): nobody typed it. */
export function isSyntheticPrompt(prompt: string): boolean {
  return /^\s*<task-notification\b/.test(prompt);
}

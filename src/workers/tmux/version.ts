/** Which tmux this is, and what that means for us. */
import { CtmError } from "../../base/errors.ts";

export interface TmuxVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/** From 3.2 on control clients know flags and the server can run a command after a delay without a shell. */
const OLDEST = { major: 3, minor: 2 };

/** Reads "tmux 3.3a", "3.4", "next-3.6" or "openbsd-7.5"; an unnumbered build ("master") counts as new. */
export function parseTmuxVersion(text: string): TmuxVersion {
  const name = text
    .trim()
    .replace(/^tmux /, "")
    .slice(0, 40);
  const numbers = /^(?:next-)?(\d{1,3})\.(\d{1,3})/.exec(name);
  return { text: name, major: Number(numbers?.[1] ?? 99), minor: Number(numbers?.[2] ?? 0) };
}

export function isAtLeast(version: TmuxVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}

/** Throws CtmError `tmux-too-old` below 3.2. */
export function requireUsable(version: TmuxVersion): void {
  if (isAtLeast(version, OLDEST.major, OLDEST.minor)) return;
  throw new CtmError(
    "tmux-too-old",
    `tmux ${version.text} is too old: 3.2 or newer is needed. \`sh scripts/setup.sh\` installs one if it can.`,
  );
}

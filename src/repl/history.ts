/** The lines typed at the prompt, kept on disk (0600) for the next time: newest first, bounded. */
import { appendFileSync, closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { historyLinesMax } from "../base/limits.ts";
import { redacted } from "../base/redact.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { ensurePrivateFile, ensurePrivateFolders, writePrivateFile } from "../ledger/state-folder.ts";
import { dirname } from "node:path";

const APPEND = faultPoint("history.append");

/** A longer line is not worth keeping, and could be a document. */
const lineMaxChars = 2_000;
/** Beyond this the file is not ours. */
const fileMaxBytes = 16 * 1024 * 1024;

export class History {
  readonly #file: string;
  #lines: string[];

  /** A history that cannot be read is an empty one: the prompt must open all the same. */
  constructor(file: string) {
    this.#file = file;
    this.#lines = load(file);
  }

  /** Newest first, as readline wants it; always a copy, because readline changes what it is given. */
  lines(): string[] {
    return [...this.#lines];
  }

  /**
   * Keeps a line, on disk without the keys it may hold; not one that begins with a blank (a shell's habit for what is nobody's business) or a
   * repetition.
   */
  add(line: string): void {
    if (line.trim() === "" || line.startsWith(" ") || line.length > lineMaxChars || line === this.#lines[0])
      return;
    this.#lines = [line, ...this.#lines].slice(0, historyLinesMax);
    append(this.#file, redacted(line));
  }
}

function load(file: string): string[] {
  try {
    ensurePrivateFolders([dirname(file)]);
    const text = readOwn(file);
    const lines = text.split("\n").filter((line) => line !== "" && line.length <= lineMaxChars);
    const kept = lines.slice(-historyLinesMax);
    if (lines.length > 2 * historyLinesMax) writePrivateFile(file, `${kept.join("\n")}\n`);
    return kept.reverse();
  } catch {
    return [];
  }
}

function readOwn(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const facts = fstatSync(descriptor);
    return facts.isFile() && facts.size <= fileMaxBytes ? readFileSync(descriptor, "utf8") : "";
  } finally {
    closeSync(descriptor);
  }
}

function append(file: string, line: string): void {
  try {
    ensurePrivateFile(file);
    const { O_APPEND, O_NOFOLLOW, O_WRONLY } = constants;
    APPEND.pass(() => {
      const descriptor = openSync(file, O_WRONLY | O_APPEND | O_NOFOLLOW);
      try {
        appendFileSync(descriptor, `${line}\n`);
      } finally {
        closeSync(descriptor);
      }
    });
  } catch {
    // A full disk must not take the prompt away; the line is still in memory.
  }
}

/**
 * tmux control mode as bytes: replies between `%begin` and `%end`, notifications outside them. Pure: bytes in, what
 * they said out. Bytes and not text, because a piece may end inside a character.
 */
import { CtmError } from "../../base/errors.ts";

/** What one command answered. */
export interface Reply {
  readonly kind: "reply";
  readonly ok: boolean;
  /** False: not an answer to a line of ours, e.g. what the server ran by itself after a delay. */
  readonly ours: boolean;
  readonly lines: readonly string[];
}

/** Something the server tells without being asked. */
export interface Notification {
  readonly kind: "notification";
  /** Without its percent sign, e.g. "unlinked-window-close". */
  readonly name: string;
  readonly rest: string;
}

export type ControlEvent = Reply | Notification;

/** Longest line, and longest reply, taken from a server; one that sends more is not the tmux we know. */
const lineMaxBytes = 16 * 1024 * 1024;
const replyMaxBytes = 64 * 1024 * 1024;

const LINE_FEED = 10;
const BEGIN = /^%begin (\d+ \d+ (\d+))$/;
const NOTIFICATION = /^%([a-z][a-z-]*)(?: (.*))?$/s;

interface OpenReply {
  readonly id: string;
  readonly ours: boolean;
  readonly lines: string[];
  bytes: number;
}

export class ControlParser {
  #rest: Buffer[] = [];
  #restBytes = 0;
  #open: OpenReply | null = null;

  /** Takes the next piece of the stream. Throws CtmError `tmux-failed` when a line or reply has no end. */
  feed(piece: Buffer): ControlEvent[] {
    const events: ControlEvent[] = [];
    let start = 0;
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
      const event = this.#line(this.#joined(piece.subarray(start, end)));
      if (event !== null) events.push(event);
      start = end + 1;
    }
    if (start < piece.length) this.#keep(piece.subarray(start));
    return events;
  }

  #keep(rest: Buffer): void {
    this.#rest.push(Buffer.from(rest));
    this.#restBytes += rest.length;
    if (this.#restBytes > lineMaxBytes) throw new CtmError("tmux-failed", "tmux sent a line without an end.");
  }

  #joined(end: Buffer): Buffer {
    if (this.#rest.length === 0) return end;
    const line = Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }

  #line(bytes: Buffer): ControlEvent | null {
    const line = bytes.toString("utf8");
    if (this.#open === null) return this.#outside(line);
    // A reply may hold raw screen text: only the very numbers it began with end it.
    if (line === `%end ${this.#open.id}`) return this.#close(this.#open, true);
    if (line === `%error ${this.#open.id}`) return this.#close(this.#open, false);
    this.#open.lines.push(line);
    this.#open.bytes += bytes.length + 1;
    if (this.#open.bytes > replyMaxBytes)
      throw new CtmError("tmux-failed", "tmux sent a reply without an end.");
    return null;
  }

  #outside(line: string): Notification | null {
    const begin = BEGIN.exec(line);
    if (begin !== null) {
      this.#open = { id: begin[1] ?? "", ours: (Number(begin[2]) & 1) === 1, lines: [], bytes: 0 };
      return null;
    }
    const notification = NOTIFICATION.exec(line);
    if (notification === null) return null;
    return { kind: "notification", name: notification[1] ?? "", rest: notification[2] ?? "" };
  }

  #close(reply: OpenReply, ok: boolean): Reply {
    this.#open = null;
    return { kind: "reply", ok, ours: reply.ours, lines: reply.lines };
  }
}

/**
 * Takes events from a stream. An entry is acknowledged once its event is in the journal: whatever ends in between, it is
 * read again, and its id says that it is the same. What another consumer read and left is claimed after a while.
 */
import type { Envelope } from "../activation/envelope.ts";
import { faultPoint } from "../faults/fault-point.ts";
import type { Connection } from "./connection.ts";
import { claimed, entriesOfRead, readEntry, type Entry, type Read } from "./stream-entries.ts";

const ACK = faultPoint("redis.ack");
const REJECT = faultPoint("redis.reject");
const GROUP = faultPoint("redis.group");

/** Managers that share a prefix share its events. */
const group = "ctm";
/** Entries at once: one may be large. */
const entriesAtOnce = "32";
/** A read waits so long at the server; then others' leavings are looked at. */
const blockMs = 30_000;
/** A consumer that has not acknowledged for so long is dead. */
const claimAfterMs = 60_000;
/** After a failure: the disk takes no writes, or Redis is away. */
const againMs = 1_000;
const rejectedMax = "1000";
const rejectedMaxChars = 4_096;

export interface StreamReaderParts {
  /** Blocked most of the time, so nobody else's. */
  readonly connection: Connection;
  readonly stream: string;
  /** This manager's name among the consumers, the same after each start. */
  readonly consumer: string;
  /** Resolves when they are on the disk. */
  take(events: readonly Envelope[]): Promise<unknown>;
  /** So many entries were dealt with. */
  counted(taken: number, rejected: number): void;
  trouble(message: string): void;
  /** Keys and passwords are not in it. */
  causeOf(error: unknown): string;
}

export class StreamReader {
  readonly #parts: StreamReaderParts;
  readonly #closing = new AbortController();
  #claimedAtMs = 0;
  #told: string | null = null;

  constructor(parts: StreamReaderParts) {
    this.#parts = parts;
  }

  /** Reads until it is closed. Never rejects. */
  async run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        if (this.#parts.connection.isReady) await this.#read();
      } catch (error) {
        this.#failed(error);
      }
      await this.#rest();
    }
  }

  close(): void {
    this.#closing.abort();
  }

  async #read(): Promise<void> {
    await this.#makeGroup();
    // What was read before the last end and not acknowledged.
    while (await this.#handle(await this.#entries("0"))) this.#told = null;
    for (;;) {
      if (this.#closing.signal.aborted) return;
      await this.#claim();
      await this.#handle(await this.#entries(">"));
      this.#told = null;
    }
  }

  /** From the first entry on: what was added before the first start counts too. */
  async #makeGroup(): Promise<void> {
    const { connection, stream } = this.#parts;
    try {
      await GROUP.passAsync(() =>
        connection.sendCommand(["XGROUP", "CREATE", stream, group, "0", "MKSTREAM"]),
      );
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("BUSYGROUP"))) throw error;
    }
  }

  async #entries(from: "0" | ">"): Promise<Entry[]> {
    const { connection, stream, consumer } = this.#parts;
    const block = from === ">" ? ["BLOCK", String(blockMs)] : [];
    const words = ["XREADGROUP", "GROUP", group, consumer, "COUNT", entriesAtOnce, ...block];
    return entriesOfRead(await connection.sendCommand([...words, "STREAMS", stream, from]));
  }

  async #claim(): Promise<void> {
    if (Date.now() - this.#claimedAtMs < blockMs) return;
    const { connection, stream, consumer } = this.#parts;
    let from = "0-0";
    do {
      const words = ["XAUTOCLAIM", stream, group, consumer, String(claimAfterMs), from];
      const { next, entries } = claimed(await connection.sendCommand([...words, "COUNT", entriesAtOnce]));
      await this.#handle(entries);
      from = next;
    } while (from !== "0-0");
    this.#claimedAtMs = Date.now();
  }

  /** False: there was nothing. */
  async #handle(entries: readonly Entry[]): Promise<boolean> {
    if (entries.length === 0) return false;
    const read = entries.map((entry) => readEntry(entry));
    const events = read.flatMap((one) => (one.kind === "event" ? [one.event] : []));
    if (events.length > 0) await this.#parts.take(events);
    const rejected = read.filter((one) => one.kind === "none");
    for (const one of rejected) await this.#putAside(one);
    await this.#acknowledge(entries.map(({ id }) => id));
    this.#parts.counted(events.length, rejected.length);
    return true;
  }

  async #putAside({ id, why, text }: Extract<Read, { kind: "none" }>): Promise<void> {
    const { connection, stream, trouble } = this.#parts;
    const words = ["XADD", `${stream}:rejected`, "MAXLEN", "~", rejectedMax, "*"];
    const told = ["id", id, "why", why, "event", text.slice(0, rejectedMaxChars)];
    await REJECT.passAsync(() => connection.sendCommand([...words, ...told]));
    trouble(`entry ${id} of ${stream} in Redis is no event (${why}): it is in ${stream}:rejected`);
  }

  /** And takes them out: a stream that only grows would fill Redis. */
  async #acknowledge(ids: readonly string[]): Promise<void> {
    const { connection, stream } = this.#parts;
    await ACK.passAsync(() => connection.sendCommand(["XACK", stream, group, ...ids]));
    await connection.sendCommand(["XDEL", stream, ...ids]);
  }

  /** Told once, until it goes on. What the connection tells of itself is not told again. */
  #failed(error: unknown): void {
    const { connection, causeOf, trouble } = this.#parts;
    const why = causeOf(error);
    if (!connection.isReady || this.#closing.signal.aborted || this.#told === why) return;
    this.#told = why;
    trouble(`events in Redis are not taken (${why}): they wait there`);
  }

  #rest(): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, againMs);
      timer.unref();
      signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}

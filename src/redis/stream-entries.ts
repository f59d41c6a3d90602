/** Entries of a stream as Redis answers them, and what is in one. */
import { eventMaxBytes, parseEnvelopeText, type Envelope } from "../activation/envelope.ts";
import { CtmError } from "../base/errors.ts";

export interface Entry {
  readonly id: string;
  /** Names and values in turn; null = it was taken out of the stream meanwhile. */
  readonly fields: readonly string[] | null;
}

export type Read =
  | { readonly kind: "event"; readonly id: string; readonly event: Envelope }
  | { readonly kind: "none"; readonly id: string; readonly why: string; readonly text: string }
  | { readonly kind: "gone"; readonly id: string };

/** Of XREADGROUP: one stream was asked for. */
export function entriesOfRead(reply: unknown): Entry[] {
  if (!Array.isArray(reply)) return [];
  const streams = reply as unknown[];
  return streams.flatMap((stream) => (Array.isArray(stream) ? entriesOf(stream[1]) : []));
}

/** Of XAUTOCLAIM: where to go on, and what is ours now. */
export function claimed(reply: unknown): { readonly next: string; readonly entries: Entry[] } {
  if (!Array.isArray(reply)) return { next: "0-0", entries: [] };
  const [next, entries] = reply as unknown[];
  return { next: typeof next === "string" ? next : "0-0", entries: entriesOf(entries) };
}

function entriesOf(value: unknown): Entry[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).flatMap((entry) => {
    if (!Array.isArray(entry)) return [];
    const [id, fields] = entry as unknown[];
    if (typeof id !== "string") return [];
    return [{ id, fields: Array.isArray(fields) ? fields.map(String) : null }];
  });
}

/** An entry has one field that counts, `event`: a CloudEvents envelope as JSON. */
export function readEntry({ id, fields }: Entry): Read {
  if (fields === null) return { kind: "gone", id };
  const at = fields.findIndex((field, index) => index % 2 === 0 && field === "event");
  const text = at < 0 ? null : (fields[at + 1] ?? null);
  if (text === null) return { kind: "none", id, why: "it has no field `event`", text: "" };
  if (Buffer.byteLength(text) > eventMaxBytes)
    return { kind: "none", id, why: `it has more than ${eventMaxBytes} bytes`, text };
  try {
    return { kind: "event", id, event: parseEnvelopeText(text) };
  } catch (error) {
    if (!(error instanceof CtmError)) throw error;
    return { kind: "none", id, why: error.message, text };
  }
}

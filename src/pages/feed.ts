/** What happens at the manager, as it happens; begun again by itself after a sleep or a new start, from where it was. */
import { authorization } from "./api.ts";
import type { LiveFact } from "../server/live.ts";

export interface FeedListener {
  /** `reset`: something was missed, and everything is to be looked at anew. */
  happened(fact: LiveFact | "reset"): void;
  /** Is the manager heard? */
  heard(isHeard: boolean): void;
}

const retryFirstMs = 500;
const retryMaxMs = 10_000;
/** Heartbeats come every 15 seconds: after this long without one the line is dead. */
const silentMaxMs = 40_000;
/** A line longer than this is none of ours. */
const lineMaxChars = 4 * 1024 * 1024;

let lastId: string | null = null;

/** Follows until the page is left. */
export async function follow(listener: FeedListener): Promise<never> {
  let waitMs = retryFirstMs;
  for (;;) {
    try {
      await readOnce(listener, () => (waitMs = retryFirstMs));
    } catch {
      // Told below; what the key may not do is told by the views.
    }
    listener.heard(false);
    await new Promise((again) => setTimeout(again, waitMs));
    waitMs = Math.min(retryMaxMs, waitMs * 2);
  }
}

async function readOnce(listener: FeedListener, opened: () => void): Promise<void> {
  const dead = new AbortController();
  let silence = setTimeout(() => dead.abort(), silentMaxMs);
  try {
    const since = lastId === null ? "" : `?since=${encodeURIComponent(lastId)}`;
    const response = await fetch(`/api/live${since}`, {
      headers: authorization(),
      signal: dead.signal,
      cache: "no-store",
    });
    if (!response.ok || response.body === null) return;
    opened();
    listener.heard(true);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(silence);
      silence = setTimeout(() => dead.abort(), silentMaxMs);
      text += value;
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      if (text.length > lineMaxChars) return;
      for (const event of events) take(event, listener);
    }
  } finally {
    clearTimeout(silence);
  }
}

function take(event: string, listener: FeedListener): void {
  const fields = new Map(
    event.split("\n").map((line): [string, string] => {
      const at = line.indexOf(": ");
      return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  lastId = fields.get("id") ?? lastId;
  const kind = fields.get("event");
  if (kind === "reset") listener.happened("reset");
  if (kind === "fact") listener.happened(JSON.parse(fields.get("data") ?? "null") as LiveFact);
}

/**
 * Counts a request as a provider with a prompt cache bills it: what it has seen in this order before is read from the cache,
 * the rest is written to it. Four characters are a token. One cache for all sessions, as with one account; nothing in it
 * grows old, so waits must be shorter than a provider keeps it (five minutes).
 */
import { createHash } from "node:crypto";
import type { ServedUsage } from "../../support/stand-in-api.ts";

const charsPerToken = 4;

type Json = Readonly<Record<string, unknown>>;

export function tokensOf(text: string): number {
  return Math.ceil(text.length / charsPerToken);
}

export class PromptCache {
  readonly #seen = new Set<string>();

  count(body: unknown, answered: string): ServedUsage {
    let [cacheRead, cacheWrite] = [0, 0];
    let prefix = "";
    let isKnown = true;
    for (const block of blocksOf(body)) {
      prefix = createHash("sha256").update(prefix).update(block).digest("base64");
      isKnown &&= this.#seen.has(prefix);
      this.#seen.add(prefix);
      if (isKnown) cacheRead += tokensOf(block);
      else cacheWrite += tokensOf(block);
    }
    return { input: 0, cacheRead, cacheWrite, output: tokensOf(answered), reasoning: 0 };
  }
}

/** Tools, then the system prompt, then the conversation: the order in which a cache is looked up. */
function blocksOf(body: unknown): string[] {
  const { tools, system, messages } = (body ?? {}) as Json;
  const said = listOf(messages).flatMap(({ role, content }) =>
    contentOf(content).map((block) => JSON.stringify([role, bare(block)])),
  );
  return [...[...listOf(tools), ...contentOf(system)].map((block) => JSON.stringify(bare(block))), ...said];
}

function contentOf(content: unknown): readonly Json[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : listOf(content);
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** Where a breakpoint stands changes nothing of what is said. */
function bare(block: Json): Json {
  return { ...block, cache_control: undefined };
}

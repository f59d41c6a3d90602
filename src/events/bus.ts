/** The bounded bus: facts are published after they are written, listeners only report. */
import { factsKeptMax } from "../base/limits.ts";
import { redacted } from "../base/redact.ts";
import type { Fact } from "./facts.ts";

export type FactListener = (fact: Fact) => void;

/** A listener that throws is dropped and told about once: a view must never stop the work. */
export class FactBus {
  readonly #listeners = new Set<FactListener>();
  readonly #recent: Fact[] = [];

  publish(fact: Fact): void {
    const told = withoutSecrets(fact);
    this.#recent.push(told);
    if (this.#recent.length > factsKeptMax) this.#recent.shift();
    for (const listener of this.#listeners) {
      try {
        listener(told);
      } catch (error) {
        this.#listeners.delete(listener);
        this.publish({
          kind: "trouble",
          atMs: fact.atMs,
          message: `a listener failed and was dropped: ${String(error)}`,
        });
      }
    }
  }

  /** Returns how to stop listening. */
  subscribe(listener: FactListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last facts, oldest first. */
  recent(): readonly Fact[] {
    return this.#recent;
  }
}

/** What is told reaches terminals, pipes and log files: no key an agent or a task holds goes along. */
function withoutSecrets(fact: Fact): Fact {
  const parts = Object.entries(fact).map(([name, value]) => [
    name,
    typeof value === "string" ? redacted(value) : value,
  ]);
  return Object.fromEntries(parts) as Fact;
}

/** Signals of one launch are dealt with one after the other; those of different launches do not wait for each other. */
export class SignalOrder {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `act` after everything added for this launch before. `act` must not reject. */
  add(launchId: string, act: () => Promise<void>): void {
    const tail = (this.#tails.get(launchId) ?? Promise.resolve()).then(act).finally(() => {
      if (this.#tails.get(launchId) === tail) this.#tails.delete(launchId);
    });
    this.#tails.set(launchId, tail);
  }

  /** Resolves when everything added so far for this launch has been dealt with; another one may take its time. */
  async settledOf(launchId: string): Promise<void> {
    await this.#tails.get(launchId);
  }

  /** Resolves when everything added so far has been dealt with. */
  async settled(): Promise<void> {
    await Promise.all(this.#tails.values());
  }
}

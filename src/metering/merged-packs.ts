/**
 * Packed records of many files, each response once: what `mergeRecords` comes to, with nothing taken apart that is told
 * by one file alone.
 */
import { mergeTwo, messageMark } from "./merge-records.ts";
import { messageOf, type Pack } from "./packed-records.ts";
import type { UsageRecord } from "./usage.ts";

export class MergedPacks {
  /** Number of each response, in order of first sighting. */
  readonly #numbers = new Map<string, number>();
  /** The pack and the row each stands in. */
  readonly #packs: Pack[] = [];
  readonly #rows: number[] = [];
  /** Responses of which several files tell different things. */
  readonly #merged = new Map<number, UsageRecord>();

  add(pack: Pack): void {
    for (const [row, key] of pack.keys.entries()) {
      const number = this.#numbers.get(key);
      if (number === undefined) {
        this.#numbers.set(key, this.#packs.push(pack) - 1);
        this.#rows.push(row);
        continue;
      }
      const known = this.#recordOf(number);
      const merged = mergeTwo(known, pack.recordAt(row));
      if (merged !== known) this.#merged.set(number, merged);
    }
  }

  /** One record a response, without replays, in order of first sighting. */
  *all(): Generator<UsageRecord> {
    const originals = this.#originals();
    for (let number = 0; number < this.#packs.length; number++) {
      const record = this.#recordOf(number);
      const { mayRepeat, usage } = record;
      if (mayRepeat === undefined || !originals.has(messageMark(mayRepeat, usage))) yield record;
    }
  }

  /** Marks of those that are told by no side conversation, and may be replayed by one. */
  #originals(): Set<string> {
    const replayed = new Set<string>();
    const rest: number[] = [];
    for (let number = 0; number < this.#packs.length; number++) {
      const message = this.#mayRepeat(number);
      if (message === null) rest.push(number);
      else replayed.add(message);
    }
    const originals = new Set<string>();
    if (replayed.size === 0) return originals;
    for (const number of rest) {
      const message = messageOf(this.#packs[number]?.keys[this.#rows[number] ?? 0] ?? "");
      if (replayed.has(message)) originals.add(messageMark(message, this.#recordOf(number).usage));
    }
    return originals;
  }

  #mayRepeat(number: number): string | null {
    const merged = this.#merged.get(number);
    if (merged !== undefined) return merged.mayRepeat ?? null;
    return this.#packs[number]?.mayRepeatAt(this.#rows[number] ?? 0) ?? null;
  }

  #recordOf(number: number): UsageRecord {
    const merged = this.#merged.get(number);
    if (merged !== undefined) return merged;
    const pack = this.#packs[number];
    if (pack === undefined) throw new RangeError(`there is no response ${number}`);
    return pack.recordAt(this.#rows[number] ?? 0);
  }
}

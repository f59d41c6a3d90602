/**
 * Packed records of many files, each response counted once: what `mergeRecords` comes to, added up while files are
 * still being read. A cell that a later file has a say in, by telling more of a response or by showing that another is a
 * replay, is added up anew at the end; nearly none is.
 */
import { messageMark, mergeTwo } from "./merge-records.ts";
import { messageOf, type Pack } from "./packed-records.ts";
import type { PriceTable } from "./prices.ts";
import { CellSums, type CellToBe, type UsageCell } from "./usage-cells.ts";
import type { UsageRecord } from "./usage.ts";

/** Of one agent. */
export class CountedPacks {
  readonly #sums: CellSums;
  /** Number of each response, in order of first sighting. */
  readonly #numbers = new Map<string, number>();
  /** By number: the pack and the row it stands in first, and the cell it is counted in. */
  readonly #packs: Pack[] = [];
  readonly #rows: number[] = [];
  readonly #cells: CellToBe[] = [];
  /** Those that may be replays, as far as their first sighting tells. */
  readonly #suspects: number[] = [];
  /** Responses of which several files tell different things. */
  readonly #merged = new Map<number, UsageRecord>();

  constructor(agent: string, prices: PriceTable) {
    this.#sums = new CellSums(agent, prices);
  }

  add(pack: Pack): void {
    for (let row = 0; row < pack.keys.length; row++) {
      const key = pack.keys[row] ?? "";
      const number = this.#numbers.get(key);
      if (number === undefined) this.#addFirst(key, pack, row);
      else this.#addAgain(number, pack.recordAt(row));
    }
  }

  /** `projectOf`: the folder a session worked in. To be called once, when all is added. */
  cells(projectOf: (session: string | null) => string | null): UsageCell[] {
    const replays = this.#replays();
    for (const number of replays) this.#cellOf(number).stale = true;
    this.#sums.clearStale();
    for (const [number, cell] of this.#cells.entries())
      if (cell.stale && !replays.has(number)) this.#sums.addTo(cell, this.#recordOf(number));
    return this.#sums.cells(projectOf);
  }

  #addFirst(key: string, pack: Pack, row: number): void {
    this.#numbers.set(key, this.#packs.length);
    this.#packs.push(pack);
    this.#rows.push(row);
    const record = pack.recordAt(row);
    if (record.mayRepeat !== undefined) this.#suspects.push(this.#cells.length);
    const cell = this.#sums.cellOf(record);
    this.#cells.push(cell);
    this.#sums.addTo(cell, record);
  }

  #addAgain(number: number, record: UsageRecord): void {
    const known = this.#recordOf(number);
    const merged = mergeTwo(known, record);
    if (merged === known) return;
    this.#merged.set(number, merged);
    this.#cellOf(number).stale = true;
    const cell = this.#sums.cellOf(merged);
    cell.stale = true;
    this.#cells[number] = cell;
  }

  /** Side conversations under a new request of what the main one says itself. */
  #replays(): ReadonlySet<number> {
    const suspects = new Set<number>();
    const byMessage = new Map<string, number[]>();
    for (const number of this.#suspects) {
      const message = this.#mayRepeat(number);
      if (message === null) continue;
      suspects.add(number);
      const others = byMessage.get(message);
      if (others === undefined) byMessage.set(message, [number]);
      else others.push(number);
    }
    const replays = new Set<number>();
    if (suspects.size === 0) return replays;
    for (let number = 0; number < this.#packs.length; number++)
      if (!suspects.has(number)) this.#addReplaysOf(number, byMessage, replays);
    return replays;
  }

  #addReplaysOf(
    number: number,
    byMessage: ReadonlyMap<string, readonly number[]>,
    replays: Set<number>,
  ): void {
    const message = messageOf(this.#keyOf(number));
    for (const suspect of byMessage.get(message) ?? [])
      if (this.#mark(message, suspect) === this.#mark(message, number)) replays.add(suspect);
  }

  #mark(message: string, number: number): string {
    return messageMark(message, this.#recordOf(number).usage);
  }

  #mayRepeat(number: number): string | null {
    return this.#recordOf(number).mayRepeat ?? null;
  }

  #keyOf(number: number): string {
    return this.#packs[number]?.keys[this.#rows[number] ?? 0] ?? "";
  }

  #cellOf(number: number): CellToBe {
    return known(this.#cells[number], number);
  }

  #recordOf(number: number): UsageRecord {
    return this.#merged.get(number) ?? known(this.#packs[number], number).recordAt(this.#rows[number] ?? 0);
  }
}

function known<T>(value: T | undefined, number: number): T {
  if (value === undefined) throw new RangeError(`there is no response ${number}`);
  return value;
}

/** The open wakes of lanes while a group of events is put into them: each lane is read once, each wake written once. */
import type { Wake } from "../activation/wake.ts";
import type { WakeRows } from "./wake-rows.ts";

/** Lives inside one transaction. */
export class OpenLanes {
  readonly #rows: WakeRows;
  readonly #nowMs: number;
  /** By trigger and lane; oldest first. */
  readonly #lanes = new Map<string, Wake[]>();
  readonly #changed = new Map<number, Wake>();

  constructor(rows: WakeRows, nowMs: number) {
    this.#rows = rows;
    this.#nowMs = nowMs;
  }

  of(trigger: string, lane: string): readonly Wake[] {
    return this.#wakes(trigger, lane);
  }

  /** A wake as it stands by now. */
  byId(id: number): Wake | null {
    return this.#changed.get(id) ?? this.#rows.byId(id);
  }

  /** It carries more than before. */
  change(wake: Wake): void {
    const wakes = this.#wakes(wake.trigger, wake.lane);
    wakes[wakes.findIndex(({ id }) => id === wake.id)] = wake;
    this.#changed.set(wake.id, wake);
  }

  /** Returns its id. */
  add(wake: Omit<Wake, "id">): number {
    const wakes = this.#wakes(wake.trigger, wake.lane);
    const id = this.#rows.insert(wake);
    wakes.push({ ...wake, id });
    return id;
  }

  /** Writes what was changed. */
  write(): void {
    for (const wake of this.#changed.values()) this.#rows.write(wake, this.#nowMs);
    this.#changed.clear();
  }

  #wakes(trigger: string, lane: string): Wake[] {
    const name = `${trigger}\n${lane}`;
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const read = this.#rows.ofLane(trigger, lane);
    this.#lanes.set(name, read);
    return read;
  }
}

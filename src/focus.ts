/**
 * While a person works beside the agents a share of the limits is theirs: of every limit on everything and on a kind of
 * agent, tasks that are not critical leave so much free. It is no usage, raises no level, and stops nothing that runs.
 */
import * as z from "zod";
import type { FactBus } from "./events/bus.ts";
import type { SettingRows } from "./ledger/setting-rows.ts";
import { localOf } from "./throttle/zone.ts";
import { WakeTimer } from "./wake-timer.ts";

const SETTING = "focus";

const stored = z.object({ percent: z.number().int().min(1).max(100), untilMs: z.number().nullable() });

export interface FocusState {
  /** Percent of the limits that is kept; null = there is no focus. */
  readonly percent: number | null;
  /** It ends by itself then; null = it does not. */
  readonly untilMs: number | null;
}

export interface FocusParts {
  readonly settings: SettingRows;
  readonly bus: FactBus;
  /** Percent that is kept where nobody says how much. */
  readonly usualPercent: number;
  readonly timeZone: string;
  now(): number;
}

const NONE: FocusState = { percent: null, untilMs: null };

export class Focus {
  readonly #parts: FocusParts;
  readonly #timer: WakeTimer;
  #state: FocusState;

  constructor(parts: FocusParts) {
    this.#parts = parts;
    this.#timer = new WakeTimer(parts.now, () => this.#look());
    this.#state = readState(parts.settings.get(SETTING));
    if (this.#state.untilMs !== null) this.#timer.by(this.#state.untilMs);
  }

  state(): FocusState {
    return this.percentAt(this.#parts.now()) === 0 ? NONE : this.#state;
  }

  /** Percent that is kept at a moment, 0 for none. */
  percentAt(atMs: number): number {
    const { percent, untilMs } = this.#state;
    return percent === null || (untilMs !== null && untilMs <= atMs) ? 0 : percent;
  }

  /** Begins, or changes what is: durable until it ends. percent null = the usual share. */
  begin(percent: number | null, untilMs: number | null): FocusState {
    return this.#set({ percent: percent ?? this.#parts.usualPercent, untilMs });
  }

  end(): FocusState {
    return this.#set(NONE);
  }

  /** What a person should know, as sentences. */
  notices(): string[] {
    const { percent, untilMs } = this.state();
    if (percent === null) return [];
    const until = untilMs === null ? "until `focus off`" : `until ${this.#localTime(untilMs)}`;
    return [`focus: ${percent}% of the limits is kept for you ${until}; critical tasks go all the same`];
  }

  close(): void {
    this.#timer.cancel();
  }

  #set(state: FocusState): FocusState {
    const { settings, bus, now } = this.#parts;
    settings.set(SETTING, state.percent === null ? null : JSON.stringify(state));
    this.#state = state;
    this.#timer.cancel();
    if (state.untilMs !== null) this.#timer.by(state.untilMs);
    bus.publish({ kind: "focus-changed", atMs: now(), ...state });
    return this.state();
  }

  /** Its end has come: what waited may go. What is stored tells it by itself. */
  #look(): void {
    const { untilMs } = this.#state;
    if (untilMs === null) return;
    if (untilMs > this.#parts.now()) return this.#timer.by(untilMs);
    this.#state = NONE;
    this.#parts.bus.publish({ kind: "focus-changed", atMs: this.#parts.now(), ...NONE });
  }

  #localTime(atMs: number): string {
    return new Date(localOf(this.#parts.timeZone, atMs)).toISOString().slice(0, 16).replace("T", " ");
  }
}

function readState(text: string | null): FocusState {
  if (text === null) return NONE;
  try {
    return stored.safeParse(JSON.parse(text)).data ?? NONE;
  } catch {
    return NONE;
  }
}

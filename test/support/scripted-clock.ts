/** The clocks of a machine as a test moves them: real time passes, and the wall clock is set apart from it. */
import type { ClockReading, MachineClock } from "../../src/machine-clock.ts";

export class ScriptedClock implements MachineClock {
  bootId: string | null = "boot-1";
  #wallMs: number;
  #bootMs = 60_000;

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  read(): ClockReading {
    return { wallMs: this.#wallMs, bootMs: this.#bootMs };
  }

  /** Real time passes; the wall clock runs wrong by `wrongMs` over it. */
  pass(ms: number, wrongMs = 0): void {
    this.#wallMs += ms + wrongMs;
    this.#bootMs += ms;
  }

  /** Somebody sets the wall clock. */
  set(byMs: number): void {
    this.#wallMs += byMs;
  }

  /** The machine is started anew after being off for so long. */
  reboot(offMs: number, bootId: string | null = "boot-2"): void {
    this.#wallMs += offMs;
    this.#bootMs = 5_000;
    this.bootId = bootId;
  }
}

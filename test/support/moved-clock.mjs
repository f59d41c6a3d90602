// Loaded before a program: at each SIGUSR2 so many milliseconds as stand in TEST_CLOCK_FILE pass for it at once, for its
// clocks and for the timers it has set alike, as if nothing had happened meanwhile. Then the file goes.
import { readFileSync, unlinkSync } from "node:fs";

const file = process.env.TEST_CLOCK_FILE;
const { setTimeout: begin, clearTimeout: end } = globalThis;
const wallMs = Date.now.bind(Date);
const processMs = performance.now.bind(performance);
/** Timers that have not run. */
const waiting = new Set();
let aheadMs = 0;

Date.now = () => wallMs() + aheadMs;
performance.now = () => processMs() + aheadMs;

class Timer {
  #act;
  #atMs;
  #timer;
  #stop = () => {};
  #held = true;

  constructor(act, delayMs) {
    this.#act = act;
    this.#atMs = performance.now() + Math.max(1, Number(delayMs) || 1);
    this.plan();
  }

  plan() {
    this.#stop();
    waiting.add(this);
    const timer = begin(
      () => {
        waiting.delete(this);
        this.#act();
      },
      Math.max(1, this.#atMs - performance.now()),
    );
    this.#timer = timer;
    this.#stop = () => end(timer);
    if (!this.#held) timer.unref();
  }

  cancel() {
    waiting.delete(this);
    this.#stop();
  }

  ref() {
    this.#held = true;
    this.#timer.ref();
    return this;
  }

  unref() {
    this.#held = false;
    this.#timer.unref();
    return this;
  }

  hasRef() {
    return this.#timer.hasRef();
  }
}

/** @type {(act: (...args: unknown[]) => void, delayMs: number, ...args: unknown[]) => Timer} */
const later = (act, delayMs, ...args) => new Timer(() => act(...args), delayMs);
globalThis.setTimeout = later;
globalThis.clearTimeout = (timer) => (timer instanceof Timer ? timer.cancel() : end(timer));

process.on("SIGUSR2", () => {
  aheadMs += Number(readFileSync(file, "utf8"));
  for (const timer of [...waiting]) timer.plan();
  unlinkSync(file);
});

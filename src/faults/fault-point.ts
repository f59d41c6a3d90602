/**
 * Named places where ctm touches the outside: the database, tmux, files, the spool, other processes, the clock. Tests
 * break them one by one to prove what a crash, an error or a standstill at just this place does. A place registers
 * itself where it stands; unless a fault is armed, going through one costs a comparison.
 */
import { writeSync } from "node:fs";

/** What happens to the n-th passing of a point. */
export const FAULT_ACTIONS = [
  /** This process is killed (SIGKILL) instead of doing it. */
  "exit",
  /** It is done, then this process is killed. */
  "exit-after",
  /** It is not done, and fails. */
  "throw-before",
  /** It is done, but the caller is told that it failed. */
  "throw-after",
  /** It is not done and never returns. */
  "hang",
  /** It is done, but never returns. */
  "hang-after",
] as const;
export type FaultAction = (typeof FAULT_ACTIONS)[number];

export interface FaultOrder {
  readonly point: string;
  readonly action: FaultAction;
  /** Which passing is struck, counted from 1. */
  readonly nth: number;
}

/** A named place; made once, at the top of the file it stands in. */
export interface FaultPoint {
  readonly name: string;
  /** Does `act` at once. A standstill here stops the whole process. */
  pass<T>(act: () => T): T;
  /** Does `act`, which takes its time. A standstill here is a promise that is never kept. */
  passAsync<T>(act: () => Promise<T>): Promise<T>;
}

interface Place {
  readonly name: string;
  readonly code: string;
}

const registered = new Set<string>();
/** Sees every passing and says what happens to it; null = nobody looks. */
let watch: ((name: string) => FaultAction | null) | null = null;

/**
 * Registers a place; `code` is what a failure there is known by. Throws when the name is taken: each place is to be
 * broken by itself.
 */
export function faultPoint(name: string, code = "EIO"): FaultPoint {
  if (registered.has(name)) throw new Error(`there are two fault points named ${name}`);
  registered.add(name);
  return {
    name,
    pass: (act) => {
      const action = watch?.(name) ?? null;
      return action === null ? act() : strike(action, { name, code }, act);
    },
    passAsync: (act) => {
      const action = watch?.(name) ?? null;
      return action === null ? act() : strikeAsync(action, { name, code }, act);
    },
  };
}

/** All places of the modules loaded so far, by name. */
export function faultPoints(): string[] {
  return [...registered].sort();
}

/** Arms these faults for this process, at most one a point; none disarms. */
export function armFaults(orders: readonly FaultOrder[]): void {
  const armed = new Map(orders.map((order) => [order.point, { order, passings: 0 }]));
  if (armed.size === 0) watch = null;
  else
    watch = (name) => {
      const one = armed.get(name);
      return one !== undefined && (one.passings += 1) === one.order.nth ? one.order.action : null;
    };
}

/** Counts from now on how often each point is passed; nothing is broken. */
export function countPassings(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  watch = (name) => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return null;
  };
  return counts;
}

function strike<T>(action: FaultAction, place: Place, act: () => T): T {
  if (action === "exit") killThisProcess(place);
  if (action === "throw-before") throw injected(place, "before");
  if (action === "hang") standStill();
  act();
  if (action === "exit-after") killThisProcess(place);
  if (action === "hang-after") standStill();
  throw injected(place, "after");
}

async function strikeAsync<T>(action: FaultAction, place: Place, act: () => Promise<T>): Promise<T> {
  if (action === "hang") return new Promise<never>(() => undefined);
  if (action === "hang-after") return act().then(() => new Promise<never>(() => undefined));
  if (action === "exit") killThisProcess(place);
  if (action === "throw-before") throw injected(place, "before");
  await act();
  if (action === "exit-after") killThisProcess(place);
  throw injected(place, "after");
}

/** What really fails at such a place is an error of the system's; so is this one. */
function injected({ name, code }: Place, when: "before" | "after"): Error {
  return Object.assign(new Error(`${code}: injected fault ${when} ${name}`), { code });
}

/** Which of several faults it was is the last thing it says. */
function killThisProcess({ name }: Place): never {
  try {
    writeSync(2, `Killed at ${name}\n`);
  } catch {
    // Nobody listens any more.
  }
  process.kill(process.pid, "SIGKILL");
  return standStill();
}

function standStill(): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(never, 0, 0);
}

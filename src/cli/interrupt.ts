/** Being asked to stop: Ctrl+C once and twice, and the signals of a service manager or a closed terminal. */

export interface Interrupts {
  /** Resolves at the second Ctrl+C, or at SIGTERM or SIGHUP at once. */
  readonly second: Promise<void>;
  off(): void;
}

export function onInterrupt(first: () => void): Interrupts {
  let times = 0;
  let leave = (): void => undefined;
  const second = new Promise<void>((resolve) => (leave = resolve));
  const interrupted = (): void => {
    times += 1;
    if (times === 1) first();
    else leave();
  };
  const ended = (): void => leave();
  process.on("SIGINT", interrupted).on("SIGTERM", ended).on("SIGHUP", ended);
  return {
    second,
    off: () => void process.off("SIGINT", interrupted).off("SIGTERM", ended).off("SIGHUP", ended),
  };
}

/** Resolves with the first of these signals. */
export function untilSignal(...names: readonly NodeJS.Signals[]): {
  readonly signal: Promise<NodeJS.Signals>;
  off(): void;
} {
  let hear: (name: NodeJS.Signals) => void = () => undefined;
  const signal = new Promise<NodeJS.Signals>((resolve) => (hear = resolve));
  for (const name of names) process.on(name, hear);
  return { signal, off: () => names.forEach((name) => process.off(name, hear)) };
}

/** What a command gave, on the terminal: once, or again and again until a key is pressed. */
import type { Command } from "../commands/command.ts";
import type { Following } from "../commands/following.ts";
import { ALTERNATE_OFF, ALTERNATE_ON, frame } from "../repl/screen.ts";
import type { Terminal } from "./terminal.ts";

/** Returns the exit code. */
export function show(command: Command, result: unknown, terminal: Terminal): number {
  if (terminal.json) terminal.printJson(result ?? null);
  else terminal.print(command.render(result, terminal.paper()));
  return command.isBad(result) ? 1 : 0;
}

/** Prints what comes until a key is pressed (Ctrl+C where there are no keys). A status is drawn in place. */
export async function followUntilStopped(
  command: Command,
  start: (onItem: (item: unknown) => void) => Following,
  terminal: Terminal,
): Promise<number> {
  const inPlace = terminal.redraws && command.redraws;
  if (inPlace) process.stdout.write(ALTERNATE_ON);
  const following = start((item) => {
    if (terminal.json) return terminal.printJson(item);
    const lines = command.renderItem?.(item, terminal.paper()) ?? [];
    if (inPlace) process.stdout.write(frame(lines, process.stdout.rows));
    else terminal.print(lines);
  });
  const release = onStop(terminal, () => following.stop());
  try {
    await following.done;
  } finally {
    release();
    if (inPlace) process.stdout.write(ALTERNATE_OFF);
  }
  return 0;
}

/** Calls `stop` at a key or a signal. Returns how to end listening. */
function onStop(terminal: Terminal, stop: () => void): () => void {
  const { stdin } = process;
  process.on("SIGINT", stop).on("SIGTERM", stop);
  // In raw mode Ctrl+C is a key like any other.
  if (terminal.interactive) stdin.setRawMode(true).on("data", stop).resume();
  return () => {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    if (terminal.interactive) stdin.off("data", stop).setRawMode(false).pause();
  };
}

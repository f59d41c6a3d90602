/** A host of commands in memory: answers what a test tells it to, and remembers who still follows. */
import { CtmError } from "../../src/base/errors.ts";
import type { CommandHost } from "../../src/commands/host.ts";

export interface FakeHost extends CommandHost {
  /** Gives an item to everybody who follows. */
  emit(item: unknown): void;
  readonly followers: ReadonlySet<(item: unknown) => void>;
  /** What was asked for, in order. */
  readonly calls: { readonly command: string; readonly raw: unknown }[];
}

/** `echo` answers its input, `fail` and `crash` throw, `never` does not answer. */
export function fakeHost(): FakeHost {
  const followers = new Set<(item: unknown) => void>();
  const calls: { command: string; raw: unknown }[] = [];
  return {
    role: "manager",
    followers,
    calls,
    emit: (item) => followers.forEach((follower) => follower(item)),
    run: async (command, raw) => {
      calls.push({ command, raw });
      if (command === "fail") throw new CtmError("not-found", "no task 7", ["look again"]);
      if (command === "crash") throw new TypeError("a bug");
      if (command === "never") return new Promise(() => undefined);
      return raw;
    },
    follow: (_command, _raw, onItem) => {
      followers.add(onItem);
      let end = (): void => undefined;
      const done = new Promise<void>((resolve) => (end = resolve));
      return {
        done,
        stop: () => {
          followers.delete(onItem);
          end();
        },
      };
    },
  };
}

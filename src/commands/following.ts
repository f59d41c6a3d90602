/** Results that go on coming until somebody has seen enough. */
import type { Caller, Command, RawInput } from "./command.ts";

/** A stream of results under way. */
export interface Following {
  /** Resolves when it was stopped; rejects when it broke off. */
  readonly done: Promise<void>;
  stop(): void;
}

/** Follows a command that is carried out where the person sits. */
export function followAlone(
  command: Command,
  checked: RawInput,
  caller: Caller,
  onItem: (item: unknown) => void,
): Following {
  const { promise, resolve, reject } = settled();
  const stopFollowing = command.followAlone(checked, caller, { emit: onItem, fail: reject });
  return {
    done: promise.finally(() => stopFollowing()),
    stop: resolve,
  };
}

/** A promise and its two ends. */
export function settled(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve = (): void => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  return { promise, resolve, reject };
}

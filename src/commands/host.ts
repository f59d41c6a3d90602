/** Where commands are carried out: in this process, or by the manager at the other end of its socket. */
import type { App } from "../app.ts";
import { CtmError } from "../base/errors.ts";
import { named } from "../ledger/storage-fault.ts";
import type { Caller, Command, RawInput } from "./command.ts";
import { findCommand } from "./index.ts";

/** A stream of results under way. */
export interface Following {
  /** Resolves when it was stopped; rejects when it broke off. */
  readonly done: Promise<void>;
  stop(): void;
}

export interface CommandHost {
  /** `client`: another process is the manager. */
  readonly role: "manager" | "offline" | "client";
  /** Checks and carries out. Resolves with plain data; rejects with a CtmError. */
  run(command: string, raw: RawInput): Promise<unknown>;
  follow(command: string, raw: RawInput, onItem: (item: unknown) => void): Following;
}

/** Commands carried out by an App of this process. */
export function localHost(app: App): CommandHost {
  return {
    role: app.role,
    run: async (name, raw) => {
      const command = commandFor(name);
      const checked = command.check(raw);
      requireManager(command, app);
      try {
        return await command.run(app, checked);
      } catch (error) {
        throw named(error);
      }
    },
    follow: (name, raw, onItem) => {
      const command = commandFor(name);
      const checked = command.check(raw);
      requireManager(command, app);
      const { promise, resolve } = settled();
      const stopFollowing = command.follow(app, checked, onItem);
      return {
        done: promise,
        stop: () => {
          stopFollowing();
          resolve();
        },
      };
    },
  };
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

function commandFor(name: string): Command {
  const command = findCommand(name);
  if (command === null) throw new CtmError("usage", "there is no such command");
  return command;
}

function requireManager(command: Command, app: App): void {
  if (command.needs !== "manager" || app.role === "manager") return;
  throw new CtmError(
    "no-manager",
    `\`${command.name}\` needs a running manager: start one with \`ctm\` or \`ctm serve\``,
  );
}

function settled(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve = (): void => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  return { promise, resolve, reject };
}

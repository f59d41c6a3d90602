/** Where commands are carried out: in this process, or by the manager at the other end of its socket. */
import type { App } from "../app.ts";
import { CtmError } from "../base/errors.ts";
import { named } from "../ledger/storage-fault.ts";
import type { Command, RawInput } from "./command.ts";
import { settled, type Following } from "./following.ts";
import { findCommand } from "./index.ts";

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

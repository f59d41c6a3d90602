/** The channels that the configuration names, on this machine. */
import type { Channel, Delivery } from "./channels/channel.ts";
import { desktopChannel, type Desktop } from "./channels/desktop.ts";
import { commandChannel } from "./channels/user-command.ts";
import { webhookChannel } from "./channels/webhook.ts";
import { desktopEnvironment, harmlessEnvironment, processEnvironment, type Config } from "./config.ts";
import { findProgram } from "./workers/agent-finder.ts";

/** `ring`: tells whoever sits at the prompt. A desktop that is not there is no channel. */
export function alertChannels(
  { alerts, workers }: Pick<Config, "alerts" | "workers">,
  ring: (delivery: Delivery) => void,
): readonly Channel[] {
  const desktop = alerts.desktop === null ? null : desktopChannel(alerts.desktop, thisDesktop(workers.cwd));
  const bell: Channel[] = alerts.bell === null ? [] : [bellChannel(alerts.bell, ring)];
  const commands = Object.entries(alerts.commands).map(([name, { from, ...setting }]) =>
    commandChannel(name, from, setting, harmlessEnvironment),
  );
  const webhooks = Object.entries(alerts.webhooks).map(([name, { from, ...setting }]) =>
    webhookChannel({ name, from, setting, env: processEnvironment, wallNow: () => Date.now() }),
  );
  return [...(desktop === null ? [] : [desktop]), ...bell, ...commands, ...webhooks];
}

/** How this machine shows notifications. */
export function thisDesktop(cwd: string): Desktop {
  const env = desktopEnvironment();
  return { platform: process.platform, env, find: (program) => findProgram(program, env["PATH"] ?? "", cwd) };
}

function bellChannel(from: Channel["from"], ring: (delivery: Delivery) => void): Channel {
  const deliver: Channel["deliver"] = (delivery) => {
    ring(delivery);
    return Promise.resolve({ kind: "done" });
  };
  return { name: "bell", from, place: "the prompt", attemptsMax: 1, deliver };
}
